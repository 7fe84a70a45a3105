"""Every metric the server has, and the meters of one process for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mlops_serving.metrics.meters import Meter, Spec
from mlops_serving.metrics.segment import Segment

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
DIFFERENCES: Final = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0)

_MODEL: Final = ("model", "version")
_ROLE: Final = ("model", "version", "role")

REQUESTS: Final = Spec(
    "mlops_requests_total", "counter", "Infer requests by answer; code is the HTTP status.", (*_ROLE, "code")
)
REQUEST_SECONDS: Final = Spec(
    "mlops_request_seconds", "histogram", "Time from request to answer.", _ROLE, SECONDS
)
FAILED_SECONDS: Final = Spec(
    "mlops_failed_seconds_total",
    "counter",
    "Time from request to answer, of those not answered by 200.",
    _ROLE,
)
LAST_SECONDS: Final = Spec(
    "mlops_last_request_timestamp_seconds",
    "gauge",
    "When the last request was answered by 200, since the epoch.",
    _ROLE,
    merge="max",
)
STAGE_SECONDS: Final = Spec(
    "mlops_stage_seconds",
    "histogram",
    "Time in one stage: decode, queue, predict (one call of the model) or encode.",
    (*_MODEL, "stage"),
    SECONDS,
)
REJECTED: Final = Spec(
    "mlops_rejected_total", "counter", "Infer requests refused, by reason.", ("model", "reason")
)
IN_FLIGHT: Final = Spec("mlops_in_flight", "gauge", "Infer requests being answered.", ("model",))
QUEUE_ROWS: Final = Spec("mlops_queue_rows", "gauge", "Rows waiting for the model.", ("model",))
QUEUE_BYTES: Final = Spec("mlops_queue_bytes", "gauge", "Bytes waiting for the model.", ("model",))
BATCH_ROWS: Final = Spec("mlops_batch_rows", "histogram", "Rows given to the model at once.", _MODEL, ROWS)
MODEL_INFO: Final = Spec(
    "mlops_model_info", "gauge", "Models in memory.", ("endpoint", "model", "version", "role"), merge="max"
)
MODEL_READY: Final = Spec(
    "mlops_model_ready",
    "gauge",
    "1 while every worker holds the model.",
    ("model",),
    merge="min",
)
LISTENING: Final = Spec(
    "mlops_listening", "gauge", "Worker processes that accept connections, or will when they have begun."
)
READY: Final = Spec("mlops_ready", "gauge", "1 while every worker wants requests.", merge="min")
START_SECONDS: Final = Spec("mlops_start_seconds", "gauge", "Time from process start to ready.", merge="max")
RELEASE_NUMBER: Final = Spec(
    "mlops_release_number", "gauge", "Number of the release that is served.", ("endpoint",), merge="min"
)
RELEASE_APPLIED: Final = Spec(
    "mlops_release_applied",
    "gauge",
    "1 while all that the newest release names is served, 0 when something of it was refused.",
    ("endpoint",),
    merge="min",
)
RELEASE_ERRORS: Final = Spec(
    "mlops_release_errors_total", "counter", "Failures to follow the release log.", ("endpoint", "kind")
)
CANARY_WEIGHT: Final = Spec(
    "mlops_candidate_weight_percent",
    "gauge",
    "Share of requests that the candidate answers (canary) or is shown (shadow).",
    ("endpoint", "mode"),
    merge="max",
)
STORE_UP: Final = Spec("mlops_store_up", "gauge", "1 while the object store answers.", merge="min")
SHADOWED: Final = Spec(
    "mlops_shadow_total",
    "counter",
    "Requests shown to a shadow candidate: same or different answer, failed, or dropped.",
    (*_MODEL, "result"),
)
SHADOW_DIFFERENCE: Final = Spec(
    "mlops_shadow_difference",
    "histogram",
    "Largest absolute difference between the answers of stable and shadow, by floating output.",
    (*_MODEL, "output"),
    DIFFERENCES,
)
ACCESS_REFUSED: Final = Spec(
    "mlops_access_refused_total",
    "counter",
    "Requests refused for their key: missing, malformed, unknown, or forbidden (not for that model).",
    ("reason",),
)
RELOADS: Final = Spec(
    "mlops_reloads_total",
    "counter",
    "Changes of mounted files (keys, tls, grpc_tls), by what became of them: done or refused.",
    ("file", "result"),
)
TLS_NOT_AFTER: Final = Spec(
    "mlops_tls_not_after_seconds",
    "gauge",
    "When the certificate in use ends, in seconds since 1970.",
    merge="min",
)
SPANS: Final = Spec(
    "mlops_spans_total",
    "counter",
    "Trace spans: exported, failed to be, or dropped for want of room.",
    ("result",),
)
DRIFT_ROWS: Final = Spec(
    "mlops_drift_rows_total",
    "counter",
    "Rows answered, by the bin of the training data that a feature or an output fell into.",
    (*_ROLE, "feature", "bin"),
    block=True,
)
DRIFT_REFERENCE_ROWS: Final = Spec(
    "mlops_drift_reference_rows",
    "gauge",
    "Rows of the training data in each bin.",
    (*_MODEL, "feature", "bin"),
    merge="max",
    block=True,
)
DRIFT_LEFT_OUT: Final = Spec(
    "mlops_drift_left_out", "gauge", "Features with bins that are not counted.", _MODEL, merge="max"
)
DATA_PROBLEMS: Final = Spec(
    "mlops_data_problems_total",
    "counter",
    "Rows with a value that the manifest does not expect: missing, not_finite, below, above or unknown.",
    (*_MODEL, "feature", "problem"),
)
UNOBSERVED: Final = Spec(
    "mlops_unobserved_total",
    "counter",
    "Answered requests that nobody looked at for drift, quality and the request log: full or failed.",
    ("model", "reason"),
)
REQUEST_LOG_ROWS: Final = Spec(
    "mlops_request_log_rows_total", "counter", "Rows written to the request log.", ("model",)
)
REQUEST_LOG_DROPPED: Final = Spec(
    "mlops_request_log_dropped_total",
    "counter",
    "Sampled rows that the request log lost: full (too many bytes wait for the store), failed or shutdown.",
    ("model", "reason"),
)
REQUEST_LOG_FAILURES: Final = Spec(
    "mlops_request_log_failures_total",
    "counter",
    "Uploads of the request log that failed and are tried again.",
)
REQUEST_LOG_BYTES: Final = Spec(
    "mlops_request_log_bytes", "gauge", "Bytes of sampled requests that wait for the store."
)
WORKERS: Final = Spec("mlops_workers", "gauge", "Worker processes running.")
WORKER_RESTARTS: Final = Spec(
    "mlops_worker_restarts_total", "counter", "Worker processes that died and were replaced."
)

SPECS: Final = tuple(value for value in list(vars().values()) if isinstance(value, Spec))


class Metrics:
    """The meters of one process.

    What changes with every request is noted where it happens and written by `flush`, some times a second:
    histograms, and the gauges for which somebody called `before_flush`.
    """

    def __init__(self, segment: Segment) -> None:
        self._updates: list[Callable[[], None]] = []

        def meter(spec: Spec) -> Meter:
            return Meter(spec, segment)

        self.requests = meter(REQUESTS)
        self.request_seconds = meter(REQUEST_SECONDS)
        self.failed_seconds = meter(FAILED_SECONDS)
        self.last_seconds = meter(LAST_SECONDS)
        self.stage_seconds = meter(STAGE_SECONDS)
        self.rejected = meter(REJECTED)
        self.in_flight = meter(IN_FLIGHT)
        self.queue_rows = meter(QUEUE_ROWS)
        self.queue_bytes = meter(QUEUE_BYTES)
        self.batch_rows = meter(BATCH_ROWS)
        self.model_info = meter(MODEL_INFO)
        self.model_ready = meter(MODEL_READY)
        self.listening = meter(LISTENING)
        self.ready = meter(READY)
        self.start_seconds = meter(START_SECONDS)
        self.release_number = meter(RELEASE_NUMBER)
        self.release_applied = meter(RELEASE_APPLIED)
        self.release_errors = meter(RELEASE_ERRORS)
        self.candidate_weight = meter(CANARY_WEIGHT)
        self.store_up = meter(STORE_UP)
        self.shadowed = meter(SHADOWED)
        self.shadow_difference = meter(SHADOW_DIFFERENCE)
        self.drift_rows = meter(DRIFT_ROWS)
        self.drift_reference_rows = meter(DRIFT_REFERENCE_ROWS)
        self.drift_left_out = meter(DRIFT_LEFT_OUT)
        self.data_problems = meter(DATA_PROBLEMS)
        self.unobserved = meter(UNOBSERVED)
        self.request_log_rows = meter(REQUEST_LOG_ROWS)
        self.request_log_dropped = meter(REQUEST_LOG_DROPPED)
        self.request_log_failures = meter(REQUEST_LOG_FAILURES)
        self.request_log_bytes = meter(REQUEST_LOG_BYTES)
        self.access_refused = meter(ACCESS_REFUSED)
        self.reloads = meter(RELOADS)
        self.tls_not_after = meter(TLS_NOT_AFTER)
        self.spans = meter(SPANS)

    def before_flush(self, update: Callable[[], None]) -> None:
        """Call `update` before each flush, for gauges that would be costly to keep at all times."""
        self._updates.append(update)

    def flush(self) -> None:
        """Write what was noted since the last time."""
        for update in self._updates:
            update()
        for meter in vars(self).values():
            if isinstance(meter, Meter):
                meter.flush()
