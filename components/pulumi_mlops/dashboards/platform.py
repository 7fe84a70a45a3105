"""The dashboard of what endpoints stand on: alerts, volumes, servers, pipelines, nodes, Prometheus. Pure."""

from pulumi_mlops.dashboards.parts import CLUSTER_STEP, Board, Chart, Line, Needs, Section, Variable, restarts

_IN = 'namespace=~"$namespace"'
_FIRING = 'ALERTS{alertname=~"Mlops.*",alertstate="firing"}'
_JOB = "namespace, job_name"
_STARTED = f"max by ({_JOB}) (kube_job_status_start_time{{{_IN}}})"


def _ready(kind: str, wanted: str, ready: str) -> tuple[Line, ...]:
    return tuple(
        Line(
            f"max by (namespace, {kind}) ({metric}{{{_IN}}})",
            f"{{{{namespace}}}} {{{{{kind}}}}} {what}",
        )
        for metric, what in ((wanted, "wanted"), (ready, "ready"))
    )


_ALERTS = Section(
    "Alerts",
    (
        Chart(
            "Alerts that fire",
            "Of endpoints and of the platform under them.",
            (Line(f"count({_FIRING}) or vector(0)", "firing"),),
            kind="number",
            width=6,
            step=CLUSTER_STEP,
            steps=((0, "green"), (1, "red")),
        ),
        Chart(
            "Which",
            "Each alert that fires, who is told and what it is about.",
            (Line(f"max by (alertname, severity, owner, endpoint, version) ({_FIRING})", "firing"),),
            kind="table",
            width=18,
            step=CLUSTER_STEP,
            needs=Needs.ALERTS,
        ),
    ),
)

_SERVERS = Section(
    "Servers",
    (
        Chart(
            "Servers with volumes",
            "Pods of StatefulSets, wanted and ready.",
            _ready("statefulset", "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"),
            step=CLUSTER_STEP,
        ),
        Chart(
            "Other servers and endpoints",
            "Pods of Deployments, wanted and ready.",
            _ready("deployment", "kube_deployment_spec_replicas", "kube_deployment_status_replicas_ready"),
            step=CLUSTER_STEP,
        ),
        restarts(_IN, "{{namespace}} {{pod}}"),
        Chart(
            "Volumes",
            "Part of each volume that is full.",
            (
                Line(
                    "1 - min by (namespace, persistentvolumeclaim) ("
                    f"kubelet_volume_stats_available_bytes{{{_IN}}} "
                    f"/ kubelet_volume_stats_capacity_bytes{{{_IN}}})",
                    "{{namespace}} {{persistentvolumeclaim}}",
                ),
            ),
            unit="percentunit",
            width=12,
            step=CLUSTER_STEP,
            needs=Needs.VOLUMES,
            steps=((0, "green"), (0.85, "orange"), (0.95, "red")),
        ),
        Chart(
            "What is asked and answers",
            "Targets of Prometheus that answer, and all of them, by job.",
            (
                Line("sum by (job) (up)", "{{job}} answer"),
                Line("count by (job) (up)", "{{job}} all"),
            ),
            width=12,
            step=CLUSTER_STEP,
        ),
    ),
)

_PIPELINES = Section(
    "Pipelines",
    (
        Chart(
            "Since the last run ended",
            "Time since each Job completed.",
            (
                Line(
                    f"time() - max by ({_JOB}) (kube_job_status_completion_time{{{_IN}}})",
                    "{{namespace}} {{job_name}}",
                ),
            ),
            unit="s",
            step=CLUSTER_STEP,
            needs=Needs.PIPELINE,
        ),
        Chart(
            "Duration",
            "From start to completion of each Job.",
            (
                Line(
                    f"max by ({_JOB}) (kube_job_status_completion_time{{{_IN}}}) - {_STARTED}",
                    "{{namespace}} {{job_name}}",
                ),
            ),
            unit="s",
            step=CLUSTER_STEP,
            needs=Needs.PIPELINE,
        ),
        Chart(
            "Failed runs",
            "1 for each Job that failed; it stays for its logs.",
            (
                Line(
                    f'max by ({_JOB}) (kube_job_failed{{{_IN},condition="true"}}) or 0 * {_STARTED}',
                    "{{namespace}} {{job_name}}",
                ),
            ),
            step=CLUSTER_STEP,
            needs=Needs.PIPELINE,
        ),
        Chart(
            "Until the next run",
            "Negative is late.",
            (
                Line(
                    f"max by (namespace, cronjob) (kube_cronjob_next_schedule_time{{{_IN}}}) - time()",
                    "{{namespace}} {{cronjob}}",
                ),
            ),
            unit="s",
            step=CLUSTER_STEP,
            needs=Needs.SCHEDULE,
        ),
    ),
)

_NODES = Section(
    "Nodes",
    (
        Chart(
            "Processors",
            "Part of the processors' time that is used, by node.",
            (
                Line(
                    '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
                    "{{instance}}",
                ),
            ),
            unit="percentunit",
            width=12,
            step=CLUSTER_STEP,
        ),
        Chart(
            "Memory",
            "Part of the memory that is used, by node.",
            (
                Line(
                    "1 - max by (instance) (node_memory_MemAvailable_bytes) "
                    "/ max by (instance) (node_memory_MemTotal_bytes)",
                    "{{instance}}",
                ),
            ),
            unit="percentunit",
            width=12,
            step=CLUSTER_STEP,
        ),
    ),
)

_PROMETHEUS = Section(
    "Prometheus",
    (
        Chart(
            "Series",
            "Series that it keeps in memory.",
            (Line("max by (instance) (prometheus_tsdb_head_series)", "{{instance}}"),),
            step=CLUSTER_STEP,
        ),
        Chart(
            "Memory of Prometheus",
            "Resident memory of its process.",
            (
                Line(
                    "max by (instance) "
                    "(process_resident_memory_bytes and on (job, instance) prometheus_tsdb_head_series)",
                    "{{instance}}",
                ),
            ),
            unit="bytes",
            step=CLUSTER_STEP,
        ),
        Chart(
            "Samples",
            "Samples that it takes in a second.",
            (
                Line(
                    "sum by (instance) (rate(prometheus_tsdb_head_samples_appended_total[$__rate_interval]))",
                    "{{instance}}",
                ),
            ),
            step=CLUSTER_STEP,
        ),
    ),
)

_KEDA = Section(
    "KEDA",
    (
        Chart(
            "Figures that it scales on",
            "What each trigger of an autoscaler found last.",
            (
                Line(
                    "max by (scaledObject, scaler) (keda_scaler_metrics_value)", "{{scaledObject}} {{scaler}}"
                ),
            ),
            width=12,
            step=CLUSTER_STEP,
            needs=Needs.KEDA,
        ),
        Chart(
            "Errors of triggers",
            "Answers a second that could not be had; the autoscaler does nothing meanwhile.",
            (
                Line(
                    "sum by (scaledObject) (rate(keda_scaled_object_errors_total[$__rate_interval])) "
                    "or on (scaledObject) 0 * group by (scaledObject) (keda_scaler_metrics_value)",
                    "{{scaledObject}}",
                ),
            ),
            width=12,
            step=CLUSTER_STEP,
            needs=Needs.KEDA,
        ),
    ),
    closed=True,
)

BOARD = Board(
    "mlops-platform",
    "Model platform",
    "Alerts, servers, volumes, pipelines and nodes under model endpoints, and Prometheus itself.",
    (Variable("namespace", "Namespace", "kube_statefulset_replicas", "namespace", ".*"),),
    (_ALERTS, _SERVERS, _PIPELINES, _NODES, _PROMETHEUS, _KEDA),
)
