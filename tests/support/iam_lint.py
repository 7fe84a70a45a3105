"""What the policy linter parliament has to say of a document."""

from __future__ import annotations

from collections.abc import Collection

import policy_linter


def findings(document: str, *, accepted: Collection[str] = ()) -> list[str]:
    """Every finding once, as `ISSUE: title (detail)`, sorted; empty for a document without faults.

    Left out are those in which one of `accepted` occurs: what is no fault in this kind of document, such as
    `RESOURCE_STAR` in the policy of a key, whose `*` is the key itself.
    """
    parliament = policy_linter.parliament()
    found = {
        f"{finding.issue}: {parliament.enhance_finding(finding).title} ({finding.detail})"
        for finding in parliament.analyze_policy_string(document).findings
    }
    return sorted(each for each in found if not any(text in each for text in accepted))
