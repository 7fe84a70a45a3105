"""Giving the administrator's certificate its power: kubeadm binds the group on `init`, here `start` does."""

from lightkube.models.meta_v1 import ObjectMeta
from lightkube.models.rbac_v1 import RoleRef, Subject
from lightkube.resources.rbac_authorization_v1 import ClusterRoleBinding

from mlops_local.node.readiness import API_ERRORS, api_client
from mlops_local.node.spec import NodeSpec

FIELD_MANAGER = "mlops-local"
_GROUP = "kubeadm:cluster-admins"


def administrator_granted(spec: NodeSpec) -> bool:
    """Bind the group of admin.conf, and of the API server's client for kubelet, to `cluster-admin`."""
    binding = ClusterRoleBinding(
        metadata=ObjectMeta(name=_GROUP),
        roleRef=RoleRef(apiGroup="rbac.authorization.k8s.io", kind="ClusterRole", name="cluster-admin"),
        subjects=[Subject(apiGroup="rbac.authorization.k8s.io", kind="Group", name=_GROUP)],
    )
    with api_client(spec, "credentials/kubeconfigs/super-admin.conf") as client:
        try:
            client.apply(binding, field_manager=FIELD_MANAGER, force=True)
        except API_ERRORS:
            return False
    return True
