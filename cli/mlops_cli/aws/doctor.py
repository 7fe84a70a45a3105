"""`mlops doctor aws`: read-only checks of an account before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mlops_cli.aws import checks_ground, checks_quotas, inventory
from mlops_cli.aws.access import DENIED, Account, code_of, explain, sign_in
from mlops_cli.aws.arns import Arn, delete_command
from mlops_cli.aws.checks_cluster import Connect, cluster, describe
from mlops_cli.aws.checks_machine import Run, run, tools
from mlops_cli.aws.errors import AwsRefused
from mlops_cli.aws.findings import Finding, fail, ok, warn
from mlops_cli.aws.needs import AwsNeeds
from mlops_cli.aws.reach import connect as reach_endpoint

Check = Callable[[Account, AwsNeeds], Iterable[Finding]]


def examine(
    needs: AwsNeeds, *, profile: str | None = None, run: Run = run, connect: Connect = reach_endpoint
) -> Iterator[Finding]:
    """Every check's findings as they come; without valid credentials none but those of this machine."""
    yield from tools(run)
    try:
        account = sign_in(needs.region, profile=profile)
    except AwsRefused as error:
        text, _, remedy = str(error).partition("\n")
        yield fail("identity", text, remedy or "correct it and run this again")
        return
    checks: dict[str, Check] = {
        "identity": checks_ground.identity,
        "region": checks_ground.region,
        "zones": checks_ground.zones,
        "services": checks_ground.services,
        "instance types": checks_ground.instance_types,
        "database class": checks_ground.database_class,
        "service roles": checks_ground.service_roles,
        "quotas": checks_quotas.quotas,
        "cluster": lambda account, needs: cluster(account, needs, connect),
        "resources": resources,
    }
    for name, check in checks.items():
        yield from guarded(name, check, account, needs)


def guarded(name: str, check: Check, account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """A check's findings; one more where AWS did not let it end."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield from check(account, needs)
    except ClientError as error:
        if code_of(error) in DENIED:
            yield warn(
                name,
                f"not checked: {error.operation_name} is denied",
                "ask for the managed policies ViewOnlyAccess and ServiceQuotasReadOnlyAccess",
            )
        else:
            text, _, remedy = explain(error).partition("\n")
            yield fail(name, f"not checked: {text}", remedy or "run this again")
    except BotoCoreError as error:
        text, _, remedy = explain(error).partition("\n")
        yield fail(name, f"not checked: {text}", remedy or "run this again")


def resources(account: Account, needs: AwsNeeds) -> Iterator[Finding]:
    """What a destroy would delete, by kind; or what an earlier one left, when there is no cluster."""
    if needs.environment is None:
        return
    environment, name = needs.environment, needs.cluster_name
    if name is not None and describe(account, name) is None:
        left = [
            each
            for each in inventory.leftovers(account, environment, name)
            if each.fate is inventory.Fate.LEFT
        ]
        for each in left:
            yield warn(
                "left over",
                f"{each.arn.kind} {each.arn.id} is tagged {environment}, and there is no cluster {name}",
                delete_command(each.arn),
            )
        if not left:
            yield ok("left over", f"nothing is tagged {environment}")
        return
    arns = inventory.tagged(account, environment, name)
    protected = inventory.deletion_protected(account, arns)
    for kind, members in inventory.grouped(arns).items():
        yield ok("a destroy would delete", f"{len(members)} {kind}: {_names(members, protected)}")
    if not arns:
        yield ok("a destroy would delete", f"nothing is tagged {environment}")


def _names(arns: list[Arn], protected: set[str]) -> str:
    return ", ".join(
        f"{arn.id.rsplit('/', 1)[-1]}{' (protected)' if arn.text in protected else ''}" for arn in arns
    )
