"""The network: who called whom is logged, and nothing is open by itself."""

from __future__ import annotations

from mlops_policy.aws.frameworks import hub
from mlops_policy.aws.kinds import (
    DEFAULT_GROUP,
    FLOW_LOG,
    SUBNET,
    VPC,
)
from mlops_policy.building import companion, field
from mlops_policy.rules import Rule, Severity
from mlops_policy.wanted import NO, equal

RULES: tuple[Rule, ...] = (
    companion("vpc-flow-logs", "Of a network it is logged who called whom.", VPC, FLOW_LOG, "vpcId",
              remedy="Add a FlowLog whose vpcId is this network's.", severity=Severity.MEDIUM,
              frameworks=hub("EC2.6")),
    field("vpc-flow-all", "All calls are logged, those that were refused and those that were not.",
          (FLOW_LOG,), "trafficType", equal("ALL"), severity=Severity.MEDIUM),
    companion("vpc-default-group", "A network's default security group is emptied.", VPC, DEFAULT_GROUP,
              "vpcId", remedy="Add a DefaultSecurityGroup for this network, without rules.",
              frameworks=hub("EC2.2")),
    field("vpc-no-public-address", "Nothing gets a public address by itself.", (SUBNET,),
          "mapPublicIpOnLaunch", NO, severity=Severity.MEDIUM, frameworks=hub("EC2.15")),
)  # fmt: skip
