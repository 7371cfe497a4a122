// The part of kubectl that reads manifests. It imports nothing else, so what Kubernetes itself requires is left
// out: `go mod tidy` would bring it.
module aws-secrets-injector/test/kubectl/decoder

go 1.26.0

require (
	golang.org/x/text v0.40.0
	k8s.io/apimachinery v0.37.2
)

require (
	github.com/go-logr/logr v1.4.3 // indirect
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
	k8s.io/utils v0.0.0-20260626114624-be93311217bd // indirect
	sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730 // indirect
	sigs.k8s.io/yaml v1.6.0 // indirect
)
