"""The settings `mlops:admission`: which rules the API server asks, and what it does about the answer."""

from typing import Literal

from mlops_stacks import setting_types as types
from mlops_stacks.setting_types import Section


class AdmissionSettings(Section):
    """What is done in the platform's namespaces about an object that breaks a rule, whoever makes it.

    `none`, because it needs Kubernetes 1.30 and the right to make objects of the cluster. `leaveOut` names
    rules that are not asked for.
    """

    mode: Literal["none", "warn", "deny"] = "none"
    leave_out: types.Several[types.AdmissionRule] = ()
