"""When each alert of an endpoint fires, ends, and does not fire."""

from __future__ import annotations

from pulumi_mlops.alerts import Drift, EndpointAlerts, LatencyObjective, ScheduledJob, Slo
from rule_stories import Story, counter, gauge, name

ALERTS = EndpointAlerts(
    endpoint="mortgage",
    model="mortgage",
    namespace="mlops-models",
    owner="credit-risk",
    runbooks="https://runbooks.example.org/mlops",
    slo=Slo(availability=99.5, latency=LatencyObjective(percent=99.0, seconds=0.25)),
    drift=Drift(),
    pipelines=(ScheduledJob(name="approval-pipeline", scheduled=True),),
    gated=True,
)
OURS = 'endpoint="mortgage",model="mortgage"'
POD = f'namespace="mlops-models",pod="mortgage-7-a",{OURS}'
DEPLOYMENT = 'namespace="mlops-models",deployment="mortgage"'
DAY = 86400


def requests(code: int, values: str, role: str = "stable", version: str = "1") -> dict[str, str]:
    return {name("mlops_requests_total", POD, version=version, role=role, code=code): values}


def served(good: str, bad: str) -> dict[str, str]:
    return requests(200, good) | requests(500, bad)


def answered(every: str, fast: str) -> dict[str, str]:
    return {
        name("mlops_request_seconds_count", POD, version="1", role="stable"): every,
        name("mlops_request_seconds_bucket", POD, version="1", role="stable", le="0.25"): fast,
        name("mlops_request_seconds_bucket", POD, version="1", role="stable", le="0.1"): counter((300, 0)),
    }


def waits(short: str, long: str) -> dict[str, str]:
    bounds = {"0.05": short, "0.5": long, "+Inf": long}
    return {
        name("mlops_stage_seconds_bucket", POD, version="1", stage="queue", le=bound): values
        for bound, values in bounds.items()
    }


def drift(feature: str, live: dict[str, str], reference: dict[str, int]) -> dict[str, str]:
    known = f'{POD},version="1",feature="{feature}"'
    rows = {name("mlops_drift_rows_total", known, role="stable", bin=bin): v for bin, v in live.items()}
    return rows | {
        name("mlops_drift_reference_rows", known, bin=bin): gauge((300, rows))
        for bin, rows in reference.items()
    }


def drifts(feature: str, low: float, high: float) -> dict[str, str]:
    """40 minutes of rows in two bins, at so many a minute, then rows as in training."""
    live = {
        "<1": counter((20, 10), (20, low), (140, 10)),
        ">=1": counter((20, 10), (20, high), (140, 10)),
    }
    return drift(feature, live, {"<1": 1000, ">=1": 1000})


def job(number: int, start: int, failed: str, completed: str) -> dict[str, str]:
    run = f'namespace="mlops-models",job_name="approval-pipeline-{number}"'
    return {
        name("kube_job_status_start_time", run): gauge((max(start // 60, 0), None), (300, start)),
        name("kube_job_failed", run, condition="true"): failed,
        name("kube_job_status_completion_time", run): completed,
    }


def only(metric: str, values: str, labels: str = POD) -> dict[str, str]:
    return {name(metric, labels): values}


def shadow(failed: float) -> dict[str, str]:
    return {
        name("mlops_shadow_total", POD, version="2", result="same"): counter((100, 50)),
        name("mlops_shadow_total", POD, version="2", result="failed"): counter((30, failed), (70, 0)),
    }


def problems(bad: float) -> dict[str, str]:
    row = f'{POD},version="1"'
    return {
        name("mlops_data_problems_total", row, feature="income", problem="missing"): counter(
            (40, bad), (120, 0)
        ),
        name("mlops_batch_rows_sum", row): counter((160, 20)),
    }


def unobserved(lost: float) -> dict[str, str]:
    return requests(200, counter((120, 60))) | {
        name("mlops_unobserved_total", POD, reason="full"): counter((40, lost), (80, 0))
    }


def replicas(wanted: str, ready: str) -> dict[str, str]:
    return only("kube_deployment_spec_replicas", wanted, DEPLOYMENT) | only(
        "kube_deployment_status_replicas_ready", ready, DEPLOYMENT
    )


def up(values: str) -> dict[str, str]:
    return {name("up", f'job="model-endpoint",{POD}'): values}


def refused(reason: str, values: str) -> dict[str, str]:
    gate = 'job="model-gate",namespace="mlops-models",pod="mortgage-gate-7-a",endpoint="mortgage"'
    return {name("mlops_gate_refused_total", gate, reason=reason): values}


def gate_up(values: str) -> dict[str, str]:
    return {name("up", 'job="model-gate",namespace="mlops-models",endpoint="mortgage"'): values}


ALWAYS = gauge((300, 1))
NEVER = gauge((300, 0))
RUN = 'namespace="mlops-models",cronjob="approval-pipeline"'
NEXT = "kube_cronjob_next_schedule_time"

OBJECTIVES = [
    Story(
        "MlopsErrorBudgetBurnsFast",
        "page",
        served(counter((60, 600), (30, 480), (120, 600)), counter((60, 0), (30, 120), (120, 0))),
        at=89,
        resolved=130,
        quiet=[
            {},
            served(counter((100, 594)), counter((100, 6))),
            served(counter((85, 0), (5, 1)), counter((86, 0), (4, 1))),
            requests(200, counter((100, 500))) | requests(422, counter((100, 500))),
            requests(200, counter((100, 500))) | requests(501, counter((100, 500))),
        ],
    ),
    Story(
        "MlopsErrorBudgetBurnsSlow",
        "ticket",
        served(counter((100, 495), (80, 500)), counter((100, 5), (80, 0))),
        at=480,
        resolved=880,
        quiet=[{}, served(counter((180, 1000)), counter((180, 3)))],
        step=5,
    ),
    Story(
        "MlopsLatencyBudgetBurnsFast",
        "page",
        answered(counter((210, 600)), counter((60, 600), (30, 300), (120, 600))),
        at=89,
        resolved=130,
        quiet=[{}, answered(counter((100, 600)), counter((100, 590)))],
    ),
    Story(
        "MlopsLatencyBudgetBurnsSlow",
        "ticket",
        answered(counter((180, 500)), counter((100, 490), (80, 500))),
        at=480,
        resolved=880,
        quiet=[{}, answered(counter((180, 500)), counter((180, 497)))],
        step=5,
    ),
]
LOAD = [
    Story(
        "MlopsRequestsWait",
        "ticket",
        waits(counter((10, 60), (15, 0), (30, 60)), counter((55, 60))),
        at=22,
        resolved=40,
        quiet=[{}, waits(counter((55, 60)), counter((55, 60))), waits(NEVER, NEVER)],
    ),
    Story(
        "MlopsRequestsRejected",
        "ticket",
        requests(200, counter((60, 60)))
        | {name("mlops_rejected_total", POD, reason="overloaded"): counter((10, 0), (15, 10), (35, 0))},
        at=22,
        resolved=40,
        quiet=[
            {},
            requests(200, counter((60, 60)))
            | {name("mlops_rejected_total", POD, reason="bad_request"): counter((60, 30))},
        ],
    ),
    Story(
        "MlopsCertificateExpires",
        "ticket",
        only("mlops_tls_not_after_seconds", gauge((30, 10 * DAY), (30, 90 * DAY))),
        at=20,
        resolved=40,
        quiet=[
            {},
            only("mlops_tls_not_after_seconds", gauge((60, 30 * DAY))),
            only("mlops_tls_not_after_seconds", NEVER),
        ],
    ),
    Story(
        "MlopsCertificateEnds",
        "page",
        only("mlops_tls_not_after_seconds", gauge((30, DAY), (30, 90 * DAY))),
        at=20,
        resolved=40,
        quiet=[{}, only("mlops_tls_not_after_seconds", gauge((60, 10 * DAY)))],
    ),
]
DRIFT = [
    Story(
        "MlopsInputDrift",
        "ticket",
        drifts("income", 0, 40),
        at=40,
        resolved=110,
        quiet=[
            {},
            drifts("income", 12, 8),
            drifts("probabilities.approved", 0, 40),
            drift("income", {"<1": NEVER, ">=1": counter((40, 2))}, {"<1": 1000, ">=1": 1000}),
            drift("income", {"<1": NEVER, ">=1": NEVER}, {"<1": 1000, ">=1": 1000}),
            drift("only", {"any": counter((60, 90))}, {"any": 1000}),
        ],
    ),
    Story(
        "MlopsPredictionDrift",
        "ticket",
        drifts("probabilities.approved", 0, 40),
        at=40,
        resolved=110,
        quiet=[{}, drifts("label", 11, 9), drifts("income", 0, 40)],
    ),
    Story("MlopsDriftNotWatched", "ticket", unobserved(30), at=39, resolved=100, quiet=[{}, unobserved(1)]),
    Story(
        "MlopsDataQuality",
        "ticket",
        problems(5),
        at=35,
        resolved=130,
        quiet=[{}, problems(0.2)],
    ),
]
PODS = [
    Story(
        "MlopsPodRestarts",
        "ticket",
        {
            name(
                "kube_pod_container_status_restarts_total", 'namespace="mlops-models",pod="mortgage-7-a"'
            ): gauge((10, 0), (5, 1), (5, 2), (60, 3))
        },
        at=25,
        resolved=70,
        quiet=[
            {},
            {
                name(
                    "kube_pod_container_status_restarts_total", 'namespace="mlops-models",pod="mortgage-7-a"'
                ): gauge((10, 0), (50, 1))
            },
            {
                name(
                    "kube_pod_container_status_restarts_total",
                    'namespace="mlops-models",pod="mortgage-two-7-a"',
                ): counter((60, 1))
            },
        ],
    ),
    Story(
        "MlopsPodsNotReady",
        "ticket",
        replicas(gauge((60, 3)), gauge((5, 3), (20, 2), (35, 3))),
        at=20,
        resolved=30,
        quiet=[{}, replicas(gauge((60, 3)), gauge((15, 3), (20, 2), (25, 3)))],
    ),
    Story(
        "MlopsEndpointDown",
        "page",
        replicas(gauge((60, 1)), gauge((5, 1), (10, 0), (45, 1))),
        at=10,
        resolved=20,
        quiet=[{}, replicas(NEVER, NEVER), replicas(gauge((60, 2)), gauge((5, 2), (55, 1)))],
    ),
    Story(
        "MlopsEndpointNoData",
        "page",
        up(gauge((10, 1), (20, 0), (30, 1))) | replicas(ALWAYS, ALWAYS),
        at=20,
        resolved=40,
        quiet=[up(ALWAYS), replicas(NEVER, NEVER)],
    ),
    Story(
        "MlopsClusterFiguresMissing",
        "ticket",
        replicas(gauge((10, 1), (40, None), (40, 1)), gauge((90, 1))),
        at=40,
        resolved=60,
        quiet=[replicas(ALWAYS, ALWAYS)],
    ),
]
RELEASES = [
    Story(
        "MlopsReleaseNotApplied",
        "ticket",
        only("mlops_release_applied", gauge((5, 1), (15, 0), (40, 1))),
        at=15,
        resolved=30,
        quiet=[{}, only("mlops_release_applied", ALWAYS)],
    ),
    Story(
        "MlopsReleasesDiffer",
        "ticket",
        only("mlops_release_number", gauge((5, 4), (55, 5)))
        | only("mlops_release_number", gauge((30, 4), (30, 5)), POD.replace("7-a", "7-b")),
        at=25,
        resolved=40,
        quiet=[{}, only("mlops_release_number", gauge((5, 4), (55, 5)))],
    ),
    Story(
        "MlopsReleaseLogUnreachable",
        "ticket",
        only("mlops_store_up", gauge((5, 1), (25, 0), (30, 1))),
        at=25,
        resolved=40,
        quiet=[{}, only("mlops_store_up", ALWAYS)],
    ),
    Story(
        "MlopsCandidateFails",
        "page",
        requests(200, counter((60, 540)))
        | requests(200, counter((60, 50)), "candidate", "2")
        | requests(500, counter((10, 0), (15, 10), (35, 0)), "candidate", "2"),
        at=20,
        resolved=40,
        quiet=[
            {},
            requests(200, counter((60, 50)), "candidate", "2"),
            requests(500, counter((60, 100)))
            | requests(200, counter((60, 500)))
            | requests(200, counter((60, 50)), "candidate", "2")
            | requests(500, counter((60, 10)), "candidate", "2"),
        ],
    ),
    Story("MlopsShadowFails", "ticket", shadow(10), at=25, resolved=60, quiet=[{}, shadow(1)]),
]
PIPELINES = [
    Story(
        "MlopsPipelineFailed",
        "ticket",
        job(1, 60, gauge((5, None), (95, 1)), gauge((100, None)))
        | job(2, 3000, gauge((100, None)), gauge((60, None), (40, 3600))),
        at=20,
        resolved=70,
        quiet=[
            {},
            job(1, 60, gauge((100, None)), gauge((5, None), (95, 300))),
            job(1, 60, gauge((1, None), (99, 1)), gauge((100, None)))
            | job(2, 300, gauge((100, None)), gauge((10, None), (90, 600))),
        ],
    ),
    Story(
        "MlopsPipelineLate",
        "ticket",
        only(NEXT, gauge((40, 600), (40, 9000)), RUN),
        at=35,
        resolved=50,
        quiet=[
            {},
            only(NEXT, gauge((80, 9000)), RUN),
            only(NEXT, gauge((80, 600)), RUN) | only("kube_cronjob_spec_suspend", ALWAYS, RUN),
        ],
    ),
]
GATE = [
    Story(
        "MlopsRequestsHeldInVain",
        "page",
        refused("no_pod", counter((10, 0), (3, 4), (60, 0))),
        at=14,
        resolved=25,
        quiet=[{}, refused("no_pod", NEVER), refused("queue_full", counter((60, 4)))],
    ),
    Story(
        "MlopsGateDown",
        "page",
        gate_up(gauge((10, 1), (10, 0), (60, 1))),
        at=15,
        resolved=25,
        quiet=[gate_up(ALWAYS), gate_up(gauge((14, 1), (1, 0), (60, 1)))],
    ),
]
STORIES = [*OBJECTIVES, *LOAD, *DRIFT, *PODS, *GATE, *RELEASES, *PIPELINES]
