"""Keys of KMS, and groups of logs."""

from __future__ import annotations

from mlops_policy.aws.frameworks import hub
from mlops_policy.aws.kinds import KEY, LOG_GROUP
from mlops_policy.building import field, protected
from mlops_policy.rules import ProductionConfig, Rule, Severity
from mlops_policy.wanted import TEXT, YES, at_least

SHORTEST_WINDOW = 7
"""Days, the least that KMS takes (AWS KMS, ScheduleKeyDeletion)."""
RULES: tuple[Rule, ...] = (
    field("kms-rotation", "A key is rotated.", (KEY,), "enableKeyRotation", YES, severity=Severity.MEDIUM,
          fix=True, frameworks=hub("KMS.4")),
    field("kms-deletion", "The deletion of a key can be taken back for a week.", (KEY,),
          "deletionWindowInDays", at_least(SHORTEST_WINDOW), severity=Severity.MEDIUM),
    field("kms-policy", "Of a key it is said who may use it.", (KEY,), "policy", TEXT),
    protected("kms-protect", "The engine refuses to delete a key of production.", (KEY,),
              config=ProductionConfig),
    field("logs-retention", "Logs are kept for a time, and not for ever.", (LOG_GROUP,), "retentionInDays",
          at_least(1), severity=Severity.MEDIUM, remedy="Set retentionInDays to how long they are of use."),
    field("logs-key", "Logs are encrypted with a key of one's own.", (LOG_GROUP,), "kmsKeyId", TEXT,
          severity=Severity.MEDIUM),
)  # fmt: skip
