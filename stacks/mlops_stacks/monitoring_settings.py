"""Settings of what watches the platform: where it comes from, what it keeps, and who is told."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from mlops_stacks import alert_settings
from mlops_stacks import setting_types as types
from mlops_stacks.errors import SettingsError
from mlops_stacks.setting_types import Resources, Section
from pulumi_mlops import checks, monitoring_args, receivers, tracing_args
from pulumi_mlops.alerts import limits
from pulumi_mlops.alerts.settings import SHORTEST_WINDOW
from pulumi_mlops.scaling_pods import AVERAGED

ENCRYPTED = "https://still-encrypted.invalid"
"""What stands for a value that only the engine can read; every check of a secret accepts it."""
SCRAPES_IN_A_WINDOW = 4
SCRAPES_THAT_SCALING_AVERAGES = 3


def _secret_url(value: SecretStr) -> SecretStr:
    receivers.secret_url(value.get_secret_value())
    return value


SecretUrl = Annotated[types.Secret, AfterValidator(_secret_url)]
Smarthost = Annotated[str, AfterValidator(receivers.smarthost)]
LabelName = Annotated[str, AfterValidator(checks.label_name)]
LabelValue = Annotated[str, AfterValidator(checks.label_value)]
Window = Annotated[str, AfterValidator(limits.window)]


class WebhookReceiver(Section):
    """A program that takes Alertmanager's messages by POST."""

    name: types.ObjectName
    kind: Literal["webhook"]
    url: SecretUrl
    bearer_token: types.Secret | None = None


class EmailReceiver(Section):
    """A mailbox, reached through a mail server that speaks TLS."""

    name: types.ObjectName
    kind: Literal["email"]
    to: types.Text
    from_address: Annotated[types.Text, Field(alias="from")]
    smarthost: Smarthost
    username: types.Text | None = None
    password: types.Secret | None = None

    @model_validator(mode="after")
    def _password_has_a_name(self) -> Self:
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username; give both, or neither")
        return self


class SlackReceiver(Section):
    """A channel of Slack, by an incoming webhook."""

    name: types.ObjectName
    kind: Literal["slack"]
    url: SecretUrl
    channel: types.Text


class PagerdutyReceiver(Section):
    """A service of PagerDuty, by the key of its Events API v2 integration."""

    name: types.ObjectName
    kind: Literal["pagerduty"]
    routing_key: types.Secret


Receiver = Annotated[
    WebhookReceiver | EmailReceiver | SlackReceiver | PagerdutyReceiver, Field(discriminator="kind")
]


class Route(Section):
    """Which alerts go to a receiver: those of a severity, of an owner, or both."""

    receiver: types.ObjectName
    severity: Literal["page", "ticket"] | None = None
    owner: alert_settings.Owner | None = None


class TraceSettings(Section):
    """Which part of the requests to endpoints is traced, of those whose caller has not decided."""

    sample_ratio: types.Ratio = tracing_args.SAMPLE_RATIO


class DashboardSettings(Section):
    """Where a Grafana of the cluster finds the dashboards, by a label of their ConfigMaps."""

    namespace: types.Text
    label: LabelName | None = None
    label_value: LabelValue | None = None
    folder: types.Text | None = None


class MonitoringSettings(Resources):
    """Where Prometheus and Alertmanager come from; `cpu` and `memory` are those of Prometheus.

    Without `retentionSize`, 80 % of the volume are used. `prometheusUrl`, `prometheusNamespace` and
    `operatorLabels` are of the Prometheus that is adopted.
    """

    mode: Literal["none", "run", "adopt"] = "none"
    size: types.Bytes | None = None
    retention: Window | None = None
    retention_size: types.Bytes | None = None
    scrape_interval: types.Duration | None = None
    verify_kubelets: bool | None = None
    receivers: types.Several[Receiver] = ()
    routes: types.Several[Route] = ()
    group_wait: types.Duration | None = None
    group_interval: types.Duration | None = None
    repeat_interval: types.Duration | None = None
    api_server_cidrs: types.Several[types.Cidr] | None = None
    otlp_endpoint: types.GrpcUrl | None = None
    tracing: TraceSettings | None = None
    prometheus_url: types.HttpUrl | None = None
    prometheus_namespace: types.Text | None = None
    operator_labels: dict[LabelName, LabelValue] | None = None
    dashboards: DashboardSettings | None = None


ADOPT_ONLY = ("prometheus_url", "prometheus_namespace", "operator_labels")
FOR_BOTH = ("scrape_interval", "dashboards")
_WHAT_TO_GIVE = {
    "prometheus_url": "give its address inside the cluster, such as http://prometheus.monitoring.svc:9090",
    "prometheus_namespace": "give the namespace of its pods, which endpoints admit, such as monitoring",
    "operator_labels": (
        "give the labels by which it selects, such as {release: kube-prometheus-stack}, or {} if it selects "
        "all (`kubectl get prometheus -A -o yaml` shows podMonitorSelector and ruleSelector)"
    ),
}


def refuse_unfit(settings: MonitoringSettings, owners: Sequence[str], on_concurrency: bool) -> None:
    """Raise `ValueError`, with the key's path, for settings that do not fit each other.

    `owners` are those of all alerts, `on_concurrency` is whether an endpoint scales on its requests.
    """
    _refuse_mode(settings)
    names = [receiver.name for receiver in settings.receivers]
    _at("receivers", partial(receivers.refuse_twice, names))
    for number, route in enumerate(settings.routes):
        _at(f"routes[{number}].receiver", partial(receivers.refuse_unknown, route.receiver, names))
        if route.owner is not None and route.owner not in owners:
            raise ValueError(
                f"mlops:monitoring.routes[{number}].owner: no alert has the owner {route.owner!r}; there are "
                f"{', '.join(sorted(set(owners)))}"
            )
    _refuse_size(settings)
    _refuse_interval(settings.scrape_interval, on_concurrency)


def readable(values: object) -> object:
    """The section with ENCRYPTED for every value that only the engine can read.

    Raises `SettingsError` for a section that is encrypted as a whole: then nobody could tell what is to run.
    """
    if _is_encrypted(values):
        raise SettingsError(
            "mlops:monitoring: the whole section is encrypted; encrypt its secrets alone, with "
            "`pulumi config set --path --secret 'mlops:monitoring.receivers[0].url'`"
        )
    return _readable(values)


def _readable(values: object) -> object:
    if _is_encrypted(values):
        return ENCRYPTED
    if isinstance(values, Mapping):
        return {key: _readable(value) for key, value in values.items()}
    if isinstance(values, list):
        return [_readable(value) for value in values]
    return values


def _is_encrypted(value: object) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _refuse_mode(settings: MonitoringSettings) -> None:
    given = sorted(name for name in settings.model_fields_set if getattr(settings, name) is not None)
    used = {
        "none": {"mode"},
        "run": {*MonitoringSettings.model_fields} - {*ADOPT_ONLY},
        "adopt": {"mode", *ADOPT_ONLY, *FOR_BOTH},
    }[settings.mode]
    for name in given:
        if name in used:
            continue
        if settings.mode == "none":
            raise ValueError(
                f"{_key(name)}: nothing would use it; set mlops:monitoring.mode to "
                f"{'adopt' if name in ADOPT_ONLY else 'run'}, or leave it out"
            )
        why = (
            "the adopted Prometheus and Alertmanager have their own; set it there"
            if settings.mode == "adopt"
            else "this is for a Prometheus that is adopted; set mlops:monitoring.mode to adopt"
        )
        raise ValueError(f"{_key(name)}: {why}, or leave it out")
    if settings.mode == "adopt":
        for name in ADOPT_ONLY:
            if getattr(settings, name) is None:
                raise ValueError(f"{_key(name)}: needed to adopt a Prometheus; {_WHAT_TO_GIVE[name]}")


def _key(name: str) -> str:
    return f"mlops:monitoring.{MonitoringSettings.model_fields[name].alias}"


def _refuse_size(settings: MonitoringSettings) -> None:
    if settings.retention_size is None:
        return
    size = settings.size or monitoring_args.SIZE
    if checks.bytes_of(settings.retention_size) > checks.bytes_of(size):
        volume = size if settings.size else f"{size}, the default of size"
        raise ValueError(
            f"mlops:monitoring.retentionSize: {settings.retention_size} do not fit on the volume of "
            f"{volume}; give less, or leave it out for 80 % of the volume"
        )


def _refuse_interval(interval: str | None, on_concurrency: bool) -> None:
    if interval is None:
        return
    most, why = (
        limits.window_seconds(SHORTEST_WINDOW) // SCRAPES_IN_A_WINDOW,
        f"rules look at {SHORTEST_WINDOW}",
    )
    if on_concurrency:
        most = checks.seconds_of(AVERAGED) // SCRAPES_THAT_SCALING_AVERAGES
        why = f"scaling on concurrency looks at {AVERAGED}"
    if checks.seconds_of(interval) > most:
        raise ValueError(
            f"mlops:monitoring.scrapeInterval: {interval} is too long, since {why}; allowed is up to {most}s"
        )


def _at(path: str, check: Callable[[], Any]) -> None:
    try:
        check()
    except ValueError as error:
        raise ValueError(f"mlops:monitoring.{path}: {error}") from None
