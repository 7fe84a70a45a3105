"""The gate before an endpoint that scales to zero: it holds requests until a pod can take them.

client ─▶ App ─▶ Door.enter ─▶ Connection ─▶ pod
                  │ no pod: wait, bounded in number and time
KEDA ──▶ Admin /requests ─▶ what all gates of the endpoint have in hand
"""
