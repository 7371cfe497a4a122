{{/* Objects have fixed names, because the rights of the webhook and the order of the registrations depend on them. */}}

{{/* Labels of an object. Usage: include "aws-secrets-injector.labels" (dict "root" $ "component" "webhook") */}}
{{- define "aws-secrets-injector.labels" -}}
app.kubernetes.io/name: aws-secrets-injector
app.kubernetes.io/part-of: aws-secrets-injector
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_") }}
{{- end }}

{{/* Labels by which selectors find the pods of the webhook. They cannot change: the selector of a Deployment is immutable. */}}
{{- define "aws-secrets-injector.selector" -}}
app.kubernetes.io/name: aws-secrets-injector
app.kubernetes.io/component: webhook
{{- end }}

{{/* The image of the webhook and of the injected containers. A digest takes precedence over a tag. */}}
{{- define "aws-secrets-injector.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The namespaces whose pods the webhook never receives, as JSON. */}}
{{- define "aws-secrets-injector.excludedNamespaces" -}}
{{- concat (list "kube-system" "kube-node-lease" .Release.Namespace) .Values.excludedNamespaces | uniq | toJson -}}
{{- end }}

{{/* The same as a list in CEL. Names of namespaces contain no quotes. */}}
{{- define "aws-secrets-injector.excludedNamespacesCel" -}}
['{{ include "aws-secrets-injector.excludedNamespaces" . | fromJsonArray | join "', '" }}']
{{- end }}

{{/* Whether the webhook calls the API server: empty for no. */}}
{{- define "aws-secrets-injector.needsApi" -}}
{{- if or .Values.nodeAccess .Values.policyEvents (eq .Values.certificates.source "self") }}true{{ end -}}
{{- end }}

{{/* The setting native-variables: on, off or auto; empty for its default. YAML reads on and off as booleans. */}}
{{- define "aws-secrets-injector.nativeVariables" -}}
{{- $value := .Values.nativeVariables -}}
{{- if kindIs "bool" $value -}}
{{ ternary "on" "off" $value }}
{{- else if eq $value "forbidden" -}}
off
{{- else if ne $value "auto" -}}
{{ $value }}
{{- end -}}
{{- end }}

{{/* The security context of every container of the chart, as the Pod Security profile restricted requires it. */}}
{{- define "aws-secrets-injector.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "aws-secrets-injector.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Pod fields that the pods of hooks share with the webhook: they must run wherever the webhook runs. */}}
{{- define "aws-secrets-injector.hookPod" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
enableServiceLinks: false
restartPolicy: Never
nodeSelector:
  kubernetes.io/os: linux
  {{- with .Values.nodeSelector }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "aws-secrets-injector.podSecurity" . | nindent 2 }}
{{- end }}

{{/* Fields of the container of a hook, without its arguments. */}}
{{- define "aws-secrets-injector.hookContainer" -}}
image: {{ include "aws-secrets-injector.image" . | quote }}
{{- with .Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
resources:
  requests:
    cpu: 50m
    memory: 64Mi
  limits:
    memory: 512Mi
securityContext:
  {{- include "aws-secrets-injector.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* Annotations of a hook, which leaves nothing. Usage: include "…" (list EVENT WEIGHT) */}}
{{- define "aws-secrets-injector.hook" -}}
helm.sh/hook: {{ index . 0 }}
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed
{{- end }}
