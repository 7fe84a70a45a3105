"""Components that make the platform's ground on AWS: network, cluster, stores, identity, edge and cost.

Each follows the contract of its counterpart in `pulumi_mlops`, so that nothing in the cluster knows of AWS.
"""
