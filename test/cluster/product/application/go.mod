module aws-secrets-injector/test/cluster/product/application

go 1.24
