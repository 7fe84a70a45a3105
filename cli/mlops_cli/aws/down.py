"""`mlops down ENV` for an environment on AWS: to the end with `--yes`, else what that would delete."""

from __future__ import annotations

from collections.abc import Callable

from mlops_cli.aws.access import Account, refusals
from mlops_cli.aws.destroy import Clock, DestroyEngine, Target, destroy
from mlops_cli.aws.errors import DestroyRefused
from mlops_cli.aws.inventory import grouped, tagged


def take_down(
    engine: DestroyEngine,
    account: Account,
    target: Target,
    line: Callable[[str], None],
    *,
    yes: bool,
    clock: Clock | None = None,
) -> None:
    """Destroy the environment and say what is left.

    Args:
        account: signed in to the account that the settings name, so that no other one's is destroyed.
        line: prints a line that stays.
        yes: whether the person has confirmed it.

    Raises:
        DestroyRefused: not confirmed, or something is protected; nothing was deleted.
        StackFailed: the engine or AWS did not let go.
        LeftBehind: something with the environment's tags is left.
    """
    if not yes:
        with refusals("looking for what the environment holds by tag"):
            groups = grouped(tagged(account, target.environment, target.cluster_name))
        for kind, members in groups.items():
            line(f"  {len(members)} {kind}: {', '.join(arn.id for arn in members)}")
        raise DestroyRefused(
            f"this deletes the above of account {account.account_id} in {account.region} and cannot be undone"
            f"; nothing was deleted.\nRepeat as `mlops down {target.environment} --yes`."
        )
    remaining = destroy(engine, account, target, line, clock=clock)
    for each in remaining:
        line(each.line())
    line(f"{target.environment} is gone; nothing is left that has to be deleted")
