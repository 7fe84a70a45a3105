"""`mlops policy`: the rules about Kubernetes, for those who do not use Pulumi."""
