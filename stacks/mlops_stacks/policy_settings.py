"""The settings `mlops:policy`: how the policies of an environment differ from what they are by default.

Which policies there are, and their own keys, the policy pack says: it reads the same section and refuses
others.
"""

from pydantic import ConfigDict

from mlops_stacks import setting_types as types
from mlops_stacks.setting_types import Section


class Exemption(Section):
    """Resources of which one policy is not asked: why, who said so, and the last day of it.

    `urn` is a pattern of URNs, with `*` for anything.
    """

    urn: types.Text
    reason: types.Text
    approver: types.Text
    expires: types.Day


class PolicySettings(Section):
    """One policy: its exemptions, and keys of its own."""

    model_config = ConfigDict(extra="allow")

    exemptions: types.Several[Exemption] = ()
