// Admission webhooks of others, as far as the cluster tests need them. Built from ../old and ../current.
module aws-secrets-injector/test/cluster/neighbours/webhook

go 1.25.0

require (
	k8s.io/api v0.27.4
	k8s.io/apimachinery v0.27.4
)
