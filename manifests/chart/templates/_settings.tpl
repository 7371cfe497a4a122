{{/* A whole number with a default, which 0 does not select. Usage: include "…" (list VALUE DEFAULT) */}}
{{- define "aws-secrets-injector.number" -}}
{{- $value := index . 0 -}}
{{- if kindIs "invalid" $value }}{{ index . 1 }}{{ else }}{{ int64 $value }}{{ end -}}
{{- end }}

{{/* The text of a setting in the environment: lists are separated by commas, and numbers have no exponent. */}}
{{- define "aws-secrets-injector.settingText" -}}
{{- if kindIs "slice" . }}{{ join "," . }}{{ else if kindIs "float64" . }}{{ if eq (floor .) . }}{{ int64 . }}{{ else }}{{ printf "%.6f" . }}{{ end }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* The ConfigMap with certificate authorities for the injected containers; empty for none. */}}
{{- define "aws-secrets-injector.caConfigMap" -}}
{{- if .Values.caBundle.pem }}aws-secrets-injector-ca{{ else }}{{ .Values.caBundle.configMap.name }}{{ end -}}
{{- end }}

{{/* Whether the webhook mounts anything: empty for no. */}}
{{- define "aws-secrets-injector.hasVolumes" -}}
{{- if or (ne .Values.certificates.source "self") .Values.policy (include "aws-secrets-injector.caConfigMap" .) }}true{{ end -}}
{{- end }}

{{/* Contradictions that the schema cannot express. */}}
{{- define "aws-secrets-injector.checks" -}}
{{- if and (eq .Values.certificates.source "secret") (not .Values.certificates.secret.caBundle) -}}
{{- fail "certificates.secret.caBundle: must be set if certificates.source is secret; set it to the CA of the certificate in PEM, for example with --set-file certificates.secret.caBundle=ca.crt" -}}
{{- end -}}
{{- if and .Values.caBundle.pem .Values.caBundle.configMap.name -}}
{{- fail "caBundle: pem and configMap.name are both set; remove one" -}}
{{- end -}}
{{- if and .Values.priorityClassQuota.enabled (not .Values.priorityClassName) -}}
{{- fail "priorityClassQuota.enabled: has no effect without priorityClassName; set one, or disable the quota" -}}
{{- end -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas: is greater than autoscaling.maxReplicas" -}}
{{- end -}}
{{- end }}
