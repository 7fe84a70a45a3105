"""The files of Alertmanager from Monitoring's arguments: its configuration, and one for each secret."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from pulumi_mlops import checks, inputs, monitoring_pods, network_flows, receivers
from pulumi_mlops import monitoring_config as config
from pulumi_mlops.alerts import limits
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.receivers import KINDS, Pace, Receiver, Route

HTTPS = 443
_CHECKS: Mapping[str, Callable[[str], str]] = {
    "url": receivers.secret_url,
    "smarthost": receivers.smarthost,
}


def files(args: Mapping[str, Any]) -> dict[str, Any]:
    """Every file by its name: the configuration, and each receiver's secrets as secrets.

    Raises `pulumi.InputPropertyError` for receivers and routes that cannot be used.
    """
    wanted = args.get("receivers") or []
    called = _names(wanted)
    described: list[dict[str, Any]] = []
    secrets: dict[str, Any] = {}
    for number, entry in enumerate(wanted):
        values = _values(number, entry)
        hidden = [key for key in KINDS[entry["kind"]].secrets if key in values]
        secrets |= {
            receivers.file_of(entry["name"], key): pulumi.Output.secret(values[key]) for key in hidden
        }
        plain = {key: value for key, value in values.items() if key not in hidden}
        described.append({"name": entry["name"], "kind": entry["kind"], "plain": plain, "secrets": hidden})
    known = {
        "receivers": described,
        "routes": [_route(number, route, called) for number, route in enumerate(args.get("routes") or [])],
        "pace": _pace(args.get("pace") or {}),
    }
    text = pulumi.Output.from_input(known).apply(_text)
    return {monitoring_pods.CONFIG_KEYS[config.ALERTMANAGER]: text, **secrets}


def flows(args: Mapping[str, Any]) -> list[Any]:
    """The egress rules by which messages reach the receivers."""
    return [_flow(number, entry) for number, entry in enumerate(args.get("receivers") or [])]


def _flow(number: int, entry: Mapping[str, Any]) -> Any:
    values = _values(number, entry)
    if entry["kind"] == "webhook":
        rule = pulumi.Output.from_input(values["url"]).apply(
            lambda url: network_flows.egress(network_flows.leading_to(url))
        )
        # The address may hold a token; its host and port, which the policy shows, are no secret.
        return pulumi.Output.unsecret(rule)
    port: Any = HTTPS
    if entry["kind"] == "email":
        port = pulumi.Output.from_input(values["smarthost"]).apply(lambda host: int(host.rpartition(":")[2]))
    return network_flows.egress({"cidr": network_flows.EVERYWHERE, "port": port})


def _names(wanted: list[Mapping[str, Any]]) -> list[str]:
    called = [
        inputs.plain(entry, "name", checks.object_name, within=f"receivers[{number}]")
        for number, entry in enumerate(wanted)
    ]
    _refusing("receivers", lambda: receivers.refuse_twice(called))
    return called


def _values(number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the kind takes, checked."""
    path = f"receivers[{number}]"
    kind = KINDS[inputs.plain(entry, "kind", receivers.kind, within=path)]
    given = [key for key in entry if key not in ("name", "kind") and inputs.given(entry, key)]
    _refusing(path, lambda: receivers.refuse_unfit(entry["kind"], given))
    return {
        key: inputs.text(entry, key, _CHECKS.get(key, inputs.any_text), within=path)
        for key in kind.keys
        if key in kind.needs or key in given
    }


def _route(number: int, route: Mapping[str, Any], called: list[str]) -> dict[str, Any]:
    path = f"routes[{number}]"
    receiver = inputs.plain(
        route, "receiver", lambda name: receivers.refuse_unknown(name, called), within=path
    )
    optional = {"severity": receivers.severity, "owner": limits.owner}
    chosen = {
        key: inputs.text(route, key, check, within=path)
        for key, check in optional.items()
        if inputs.given(route, key)
    }
    return {"receiver": receiver, **chosen}


def _pace(wanted: Mapping[str, Any]) -> dict[str, Any]:
    default = Pace()
    return {
        key: inputs.text(wanted, key, checks.duration, getattr(default, key), within="pace")
        for key in ("group_wait", "group_interval", "repeat_interval")
    }


def _text(known: Mapping[str, Any]) -> str:
    return receivers.alertmanager(
        [Receiver(**entry) for entry in known["receivers"]],
        [Route(**entry) for entry in known["routes"]],
        Pace(**known["pace"]),
        monitoring_pods.ALERTMANAGER_FILES,
    )


def _refusing(path: str, check: Callable[[], object]) -> None:
    try:
        check()
    except InvalidValue as error:
        raise pulumi.InputPropertyError(path, str(error)) from error
