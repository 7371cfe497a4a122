// The part of kubelet that reads `fileKeyRef`. It imports nothing else, so what Kubernetes itself requires is left
// out: `go mod tidy` would bring it.
module aws-secrets-injector/test/readers/kubelet

go 1.25.0

require k8s.io/kubernetes v1.35.4
