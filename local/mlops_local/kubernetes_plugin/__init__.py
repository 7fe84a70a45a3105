"""A `kubernetes` resource plugin for the Pulumi engine, over server-side apply.

Read a resource's life in this order: `server` (gRPC from the engine) -> `provider` (one method per
request) -> `names` (what is submitted) -> `diff` (what would change) -> `client` (the API server) ->
`readiness` (until it works) -> `state` (what Pulumi remembers). The state has the shape that the
official plugin writes, so that a stack can move either way.
"""
