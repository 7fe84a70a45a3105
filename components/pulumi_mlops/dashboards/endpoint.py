"""The dashboard of endpoints: traffic, latency, pods, objectives, candidates. Pure."""

from pulumi_mlops.dashboards.parts import (
    ALL,
    CLUSTER_STEP,
    Board,
    Chart,
    Line,
    Needs,
    Section,
    Variable,
    restarts,
    share,
    zero_unless,
)

OF = 'namespace=~"$namespace",endpoint=~"$endpoint"'
"""Labels of every series of the model server."""
READY = f"mlops_ready{{{OF}}}"
"""A series that every pod has from its start."""
RECORDED = 'endpoint=~"$endpoint"'
"""Labels of what rules record: they add up over namespaces."""

_VERSION = f'{OF},version=~"$version"'
_COUNTED = f'{_VERSION},code!~"4..|501"'
_FAILED = f'{_VERSION},code=~"5..",code!="501"'
_DEPLOYMENT = 'namespace=~"$namespace",deployment=~"$endpoint"'
_POD = 'namespace=~"$namespace",pod=~"($endpoint)-.+"'

VARIABLES = (
    Variable("namespace", "Namespace", "mlops_ready", "namespace"),
    Variable("endpoint", "Endpoint", 'mlops_ready{namespace=~"$namespace"}', "endpoint"),
    Variable("version", "Version", f"mlops_model_info{{{OF}}}", "version", ALL),
)


def _rate(metric: str, labels: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def _quantile(quantile: float, metric: str, labels: str, by: str) -> str:
    return f"histogram_quantile({quantile:g}, {_rate(f'{metric}_bucket', labels, f'{by}, le')})"


def _newest(metric: str, labels: str, by: str, how: str = "max") -> str:
    return f"{how} by ({by}) ({metric}{{{labels}}})"


_NOW = Section(
    "Now",
    (
        Chart(
            "Version served",
            "What the pods hold, by role; a candidate is shown while it is loaded.",
            (Line(f"max by (endpoint, role, version) (mlops_model_info{{{_VERSION}}}) == 1", "loaded"),),
            kind="table",
        ),
        Chart(
            "Release",
            "Number of the newest release that every pod serves. Endpoints pinned to a version have none.",
            (Line(_newest("mlops_release_number", OF, "endpoint", "min"), "{{endpoint}}"),),
            kind="number",
            width=4,
            needs=Needs.RELEASES,
        ),
        Chart(
            "Release state",
            "Refused: a pod could not load what the newest release names and serves on with what it had.",
            (Line(_newest("mlops_release_applied", OF, "endpoint", "min"), "{{endpoint}}"),),
            kind="number",
            width=4,
            steps=((0, "red"), (1, "green")),
            meanings=(("0", "refused"), ("1", "applied")),
        ),
        Chart(
            "Requests",
            "Requests a second, of all versions.",
            (
                Line(
                    zero_unless(_rate("mlops_requests_total", OF, "endpoint"), "endpoint", READY),
                    "{{endpoint}}",
                ),
            ),
            unit="reqps",
            kind="number",
            width=4,
        ),
        Chart(
            "Object store",
            "Whether every pod reaches the store that holds models and releases.",
            (Line(_newest("mlops_store_up", OF, "endpoint", "min"), "{{endpoint}}"),),
            kind="number",
            width=4,
            steps=((0, "red"), (1, "green")),
            meanings=(("0", "away"), ("1", "reached")),
        ),
    ),
)

_REQUESTS = Section(
    "Requests",
    (
        Chart(
            "Requests by status",
            "Answers a second by HTTP status.",
            (
                Line(
                    zero_unless(_rate("mlops_requests_total", _VERSION, "endpoint, code"), "endpoint", READY),
                    "{{endpoint}} {{code}}",
                ),
            ),
            unit="reqps",
        ),
        Chart(
            "Failed requests",
            "Share of answers with 5xx but for 501. 4xx and 501 are the clients' and count neither way.",
            (
                Line(
                    share(
                        _rate("mlops_requests_total", _FAILED, "endpoint, version, role"),
                        _rate("mlops_requests_total", _COUNTED, "endpoint, version, role"),
                    ),
                    "{{endpoint}} {{role}} {{version}}",
                ),
            ),
            unit="percentunit",
        ),
        Chart(
            "Turned away",
            "Requests a second that were refused, by reason.",
            (
                Line(
                    zero_unless(_rate("mlops_rejected_total", OF, "endpoint, reason"), "endpoint", READY),
                    "{{endpoint}} {{reason}}",
                ),
            ),
            unit="reqps",
        ),
        Chart(
            "Latency",
            "Time from request to answer that half, 95 % and 99 % of the requests stay under.",
            tuple(
                Line(
                    _quantile(one / 100, "mlops_request_seconds", _VERSION, "endpoint, version, role"),
                    f"{{{{endpoint}}}} {{{{role}}}} {{{{version}}}} p{one}",
                )
                for one in (50, 95, 99)
            ),
            unit="s",
            width=12,
            needs=Needs.REQUESTS,
        ),
        Chart(
            "Latency by stage",
            "Time that 95 % of the requests stay under: decode, queue (waiting for the model), predict "
            "(one call of the model), encode.",
            (
                Line(
                    _quantile(0.95, "mlops_stage_seconds", _VERSION, "endpoint, stage"),
                    "{{endpoint}} {{stage}}",
                ),
            ),
            unit="s",
            width=12,
            needs=Needs.REQUESTS,
        ),
        Chart(
            "In flight",
            "Requests that are being answered or wait, over all pods.",
            (Line(_newest("mlops_in_flight", OF, "endpoint", "sum"), "{{endpoint}}"),),
        ),
        Chart(
            "Wait for the model",
            "Time in the queue that 95 % of the requests stay under.",
            (
                Line(
                    _quantile(0.95, "mlops_stage_seconds", f'{_VERSION},stage="queue"', "endpoint, version"),
                    "{{endpoint}} {{version}}",
                ),
            ),
            unit="s",
            needs=Needs.REQUESTS,
        ),
        Chart(
            "Rows a batch",
            "Mean number of rows that the model is given at once.",
            (
                Line(
                    _rate("mlops_batch_rows_sum", _VERSION, "endpoint, version")
                    + " / ("
                    + _rate("mlops_batch_rows_count", _VERSION, "endpoint, version")
                    + " > 0)",
                    "{{endpoint}} {{version}}",
                ),
            ),
            needs=Needs.REQUESTS,
        ),
    ),
)

_PODS = Section(
    "Pods",
    (
        Chart(
            "Pods wanted and ready",
            "What the autoscaler asks for, and how many of it answer.",
            (
                Line(
                    _newest("kube_deployment_spec_replicas", _DEPLOYMENT, "namespace, deployment"),
                    "{{deployment}} wanted",
                ),
                Line(
                    _newest("kube_deployment_status_replicas_ready", _DEPLOYMENT, "namespace, deployment"),
                    "{{deployment}} ready",
                ),
            ),
            step=CLUSTER_STEP,
        ),
        restarts(_POD, "{{pod}}"),
        Chart(
            "Worker processes",
            "Processes that answer, over all pods, and those that died within an hour and were replaced.",
            (
                Line(_newest("mlops_workers", OF, "endpoint", "sum"), "{{endpoint}} running"),
                Line(
                    zero_unless(
                        f"sum by (endpoint) (increase(mlops_worker_restarts_total{{{OF}}}[1h]))",
                        "endpoint",
                        READY,
                    ),
                    "{{endpoint}} replaced",
                ),
            ),
        ),
    ),
)

BURN_WINDOWS = ("5m", "30m", "1h", "6h", "3d")
"""The windows that rules record for the default objectives."""


def _burns(what: str) -> tuple[Line, ...]:
    return tuple(
        Line(
            f"mlops:{what}:ratio_rate{window}{{{RECORDED}}} / on (endpoint, model) "
            f"mlops:{what}:budget{{{RECORDED}}}",
            f"{{{{endpoint}}}} {window}",
        )
        for window in BURN_WINDOWS
    )


_OBJECTIVES = Section(
    "Objectives",
    (
        Chart(
            "Error budget burns",
            "How many times faster than allowed, over several windows: at 1 the budget lasts exactly as "
            "long as the objective's window.",
            _burns("request_errors"),
            needs=Needs.OBJECTIVE,
        ),
        Chart(
            "Latency budget burns",
            "The same for requests slower than the objective.",
            _burns("request_slow"),
            needs=Needs.LATENCY_OBJECTIVE,
        ),
        Chart(
            "Alerts",
            "Alerts of these endpoints that fire.",
            (
                Line(
                    'count by (endpoint, alertname, severity) (ALERTS{alertstate="firing",'
                    f"{RECORDED}}}) or on (endpoint) 0 * group by (endpoint) ({READY})",
                    "{{endpoint}} {{alertname}} {{severity}}",
                ),
            ),
        ),
    ),
)

_CANDIDATES = Section(
    "Shadow and canary",
    (
        Chart(
            "Weight",
            "Share of the requests, in percent, that the candidate answers (canary) or is shown (shadow).",
            (Line(_newest("mlops_candidate_weight_percent", OF, "endpoint, mode"), "{{endpoint}} {{mode}}"),),
            unit="percent",
            needs=Needs.CANDIDATE,
        ),
        Chart(
            "Requests by role",
            "Answers a second of the stable version and of the candidate.",
            (
                Line(
                    _rate("mlops_requests_total", _VERSION, "endpoint, role, version"),
                    "{{endpoint}} {{role}} {{version}}",
                ),
            ),
            unit="reqps",
        ),
        Chart(
            "Mean latency by role",
            "Compare the two: both are measured on the same pods.",
            (
                Line(
                    _rate("mlops_request_seconds_sum", _VERSION, "endpoint, role, version")
                    + " / ("
                    + _rate("mlops_request_seconds_count", _VERSION, "endpoint, role, version")
                    + " > 0)",
                    "{{endpoint}} {{role}} {{version}}",
                ),
            ),
            unit="s",
            needs=Needs.REQUESTS,
        ),
        Chart(
            "Shadow answers",
            "Requests a second shown to a shadow: same or different answer, failed, or dropped.",
            (
                Line(
                    _rate("mlops_shadow_total", _VERSION, "endpoint, version, result"),
                    "{{endpoint}} {{version}} {{result}}",
                ),
            ),
            unit="reqps",
            width=12,
            needs=Needs.SHADOW,
        ),
        Chart(
            "Difference of shadow answers",
            "Largest difference of a floating output that 95 % of the requests stay under.",
            (
                Line(
                    _quantile(0.95, "mlops_shadow_difference", _VERSION, "endpoint, version, output"),
                    "{{endpoint}} {{version}} {{output}}",
                ),
            ),
            width=12,
            needs=Needs.SHADOW,
        ),
    ),
)

BOARD = Board(
    "mlops-endpoint",
    "Model endpoints",
    "Requests, latency, pods, objectives and candidates of model endpoints.",
    VARIABLES,
    (_NOW, _REQUESTS, _PODS, _OBJECTIVES, _CANDIDATES),
)
