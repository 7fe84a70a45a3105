"""The dashboard of what models are given and answer, against their training data. Pure."""

from pulumi_mlops.alerts.settings import Drift
from pulumi_mlops.dashboards.endpoint import OF, READY, RECORDED, VARIABLES
from pulumi_mlops.dashboards.parts import Board, Chart, Line, Needs, Section, Variable, zero_unless

_FEATURE = f'{RECORDED},version=~"$version",feature=~"$feature"'
_OUTPUT = f'{RECORDED},version=~"$version",feature=~"$outputs"'
_ONE = "endpoint, model, version, feature"
_ROWS = f"mlops:drift_rows:1h{{{_FEATURE}}}"
_OVER = f"mlops:drift_psi:1h{{{_FEATURE}}} / on ({_ONE}) mlops:drift_threshold:1h{{{_FEATURE}}}"

_DRIFT = Section(
    "Drift",
    (
        Chart(
            "Features over their threshold",
            "Features and outputs of the last hour that differ from the training data by more than chance.",
            (
                Line(
                    f"sum by (endpoint, version) ({_OVER} > bool 1)",
                    "{{endpoint}} {{version}}",
                ),
            ),
            kind="number",
            width=6,
            needs=Needs.DRIFT,
            steps=((0, "green"), (1, "orange")),
        ),
        Chart(
            "Rows of the last hour",
            "Rows that drift is judged on; below `drift.leastRows` (100) it is not.",
            (Line(f"max by (endpoint, version) ({_ROWS})", "{{endpoint}} {{version}}"),),
            kind="number",
            width=6,
            needs=Needs.DRIFT,
        ),
        Chart(
            "Features not counted",
            "Features with reference bins that the server left out; its log says which and why.",
            (
                Line(
                    zero_unless(
                        f"max by (endpoint, version) (mlops_drift_left_out{{{OF}}})", "endpoint", READY
                    ),
                    "{{endpoint}} {{version}}",
                ),
            ),
            kind="number",
            width=6,
            steps=((0, "green"), (1, "orange")),
        ),
        Chart(
            "Requests not looked at",
            "Answered requests a second that were not counted for drift, quality and the request log.",
            (
                Line(
                    zero_unless(
                        f"sum by (endpoint, reason) (rate(mlops_unobserved_total{{{OF}}}[$__rate_interval]))",
                        "endpoint",
                        READY,
                    ),
                    "{{endpoint}} {{reason}}",
                ),
            ),
            unit="reqps",
            kind="number",
            width=6,
            steps=((0, "green"), (0.001, "orange")),
        ),
        Chart(
            "Index against threshold",
            "Population stability index of the last hour, and the threshold above which it is drift. "
            "The threshold falls with the number of rows, as chance does.",
            (
                Line(f"max by ({_ONE}) (mlops:drift_psi:1h{{{_FEATURE}}})", "index"),
                Line(f"max by ({_ONE}) (mlops:drift_threshold:1h{{{_FEATURE}}})", "threshold"),
                Line(f"max by ({_ONE}) ({_ROWS})", "rows"),
            ),
            kind="table",
            width=12,
            needs=Needs.DRIFT,
        ),
        Chart(
            "Index over threshold",
            "The ten highest; above 1 is drift.",
            (Line(f"topk(10, {_OVER})", "{{endpoint}} {{version}} {{feature}}"),),
            width=12,
            needs=Needs.DRIFT,
            steps=((0, "green"), (1, "orange")),
        ),
    ),
)

_PREDICTIONS = Section(
    "Predictions",
    (
        Chart(
            "Predictions by bin",
            "Distribution of the last hour's answers. `Outputs` above says which names are predictions.",
            (
                Line(
                    f"max by ({_ONE}, bin) (mlops:drift_share:1h{{{_OUTPUT}}})",
                    "{{endpoint}} {{version}} {{feature}} {{bin}}",
                ),
            ),
            unit="percentunit",
            kind="shares",
            width=12,
            needs=Needs.PREDICTIONS,
        ),
        Chart(
            "Predictions against training",
            "Share of each bin in the last hour and in the training data.",
            (
                Line(f"max by ({_ONE}, bin) (mlops:drift_share:1h{{{_OUTPUT}}})", "last hour"),
                Line(f"max by ({_ONE}, bin) (mlops:drift_reference:share{{{_OUTPUT}}})", "training"),
            ),
            unit="percentunit",
            kind="table",
            width=12,
            needs=Needs.PREDICTIONS,
        ),
    ),
)


def _bins(bins: str) -> str:
    """The share of rows in some bins, as far as a feature has them."""
    return (
        f'sum by ({_ONE}, bin) (mlops:drift_bin_rows:1h{{{_FEATURE},bin=~"{bins}"}})'
        f" / on ({_ONE}) group_left () ({_ROWS} > 0)"
    )


_DATA = Section(
    "Data",
    (
        Chart(
            "Missing and unknown",
            "Share of the last hour's rows in which a value is missing, or is a category that training "
            "never saw. The ten highest.",
            (Line(f"topk(10, {_bins('missing|unknown')})", "{{endpoint}} {{feature}} {{bin}}"),),
            unit="percentunit",
            width=12,
            needs=Needs.DRIFT,
        ),
        Chart(
            "Beyond the training data",
            "Share of the last hour's rows with a value below or above all that training saw. "
            "The ten highest.",
            (Line(f"topk(10, {_bins('below|above')})", "{{endpoint}} {{feature}} {{bin}}"),),
            unit="percentunit",
            width=12,
            needs=Needs.DRIFT,
        ),
        Chart(
            "Data problems",
            "Rows of the last hour with a value that the manifest does not expect: missing, not_finite, "
            "below, above or unknown.",
            (
                Line(
                    zero_unless(
                        "sum by (endpoint, version, feature, problem) "
                        f'(mlops:data_problems:1h{{{RECORDED},version=~"$version"}})',
                        "endpoint",
                        READY,
                    ),
                    "{{endpoint}} {{version}} {{feature}} {{problem}}",
                ),
            ),
        ),
        Chart(
            "Request log",
            "Rows written a second, and rows lost, by reason. All zero where the log is off.",
            (
                Line(
                    zero_unless(
                        f"sum by (endpoint) (rate(mlops_request_log_rows_total{{{OF}}}[$__rate_interval]))",
                        "endpoint",
                        READY,
                    ),
                    "{{endpoint}} written",
                ),
                Line(
                    zero_unless(
                        "sum by (endpoint, reason) "
                        f"(rate(mlops_request_log_dropped_total{{{OF}}}[$__rate_interval]))",
                        "endpoint",
                        READY,
                    ),
                    "{{endpoint}} lost {{reason}}",
                ),
            ),
            unit="rowsps",
        ),
        Chart(
            "Request log waits",
            "Bytes that wait for the store, over all pods.",
            (
                Line(
                    zero_unless(f"sum by (endpoint) (mlops_request_log_bytes{{{OF}}})", "endpoint", READY),
                    "{{endpoint}}",
                ),
            ),
            unit="bytes",
        ),
    ),
)

_BINS = Section(
    "Every bin",
    (
        Chart(
            "Bins against training",
            "Share of each bin in the last hour and in the training data; choose a feature above.",
            (
                Line(f"max by ({_ONE}, bin) (mlops:drift_share:1h{{{_FEATURE}}})", "last hour"),
                Line(f"max by ({_ONE}, bin) (mlops:drift_reference:share{{{_FEATURE}}})", "training"),
            ),
            unit="percentunit",
            kind="table",
            width=24,
            needs=Needs.DRIFT,
        ),
    ),
    closed=True,
)

BOARD = Board(
    "mlops-drift",
    "Drift and data of models",
    "What models are given and answer, against their training data.",
    (
        *VARIABLES,
        Variable("feature", "Feature", f"mlops_drift_reference_rows{{{OF}}}", "feature", ".*"),
        Variable("outputs", "Outputs", matches_all=Drift().outputs_pattern),
    ),
    (_DRIFT, _PREDICTIONS, _DATA, _BINS),
)
