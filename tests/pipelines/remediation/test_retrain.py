from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mlops_pipelines.errors import PipelineError
from mlops_pipelines.remediation import retrain
from mlops_pipelines.remediation.kubernetes import MOST_JOBS, Kubernetes, KubernetesError
from mlops_pipelines.remediation.records import Outcome
from mlops_pipelines.remediation.rollback import Result
from mlops_pipelines.remediation.settings import KubernetesSettings
from remediation_stories import JOB, incident
from scripted_kubernetes import TOKEN, ScriptedKubernetes

ID = "123456789012"
NAME = f"approval-pipeline-{ID}"


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    (tmp_path / "mortgage.json").write_text(json.dumps(JOB))
    return tmp_path


def client(cluster: ScriptedKubernetes, seconds: float = 10) -> Kubernetes:
    return Kubernetes(KubernetesSettings(url=cluster.url, folder=cluster.folder, timeout_seconds=seconds))


def finished(name: str, kind: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": kind, "status": "True"}]}}


def test_the_job_is_the_components_with_a_name_and_a_cause_of_its_own() -> None:
    made = retrain.manifest(JOB, incident(), ID)
    assert made["metadata"] == {
        "name": NAME,
        "namespace": "models",
        "labels": {"of": "pipeline"},
        "annotations": {
            "mlops/alert": "MlopsInputDrift",
            "mlops/endpoint": "mortgage",
            "mlops/remediation": ID,
        },
    }
    assert made["spec"] == {
        "backoffLimit": 2,
        "ttlSecondsAfterFinished": 604_800,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "pipeline",
                        "env": [
                            {"name": "A", "value": "b"},
                            {"name": "MLOPS_RETRAIN_ID", "value": ID},
                            {"name": "MLOPS_RETRAIN_ALERT", "value": "MlopsInputDrift"},
                        ],
                    }
                ]
            }
        },
    }
    assert JOB["metadata"]["name"] == "approval-pipeline"  # type: ignore[index]


def test_a_retraining_creates_one_job_with_the_pods_token(cluster: ScriptedKubernetes, jobs: Path) -> None:
    result = retrain.retrain(client(cluster), jobs, incident(), ID)
    assert result == Result(Outcome.DONE, f"started Job models/{NAME}")
    assert cluster.names() == [NAME]
    path = "/apis/batch/v1/namespaces/models/jobs"
    assert cluster.asked == [
        ("GET", f"{path}?limit=500&labelSelector=of%3Dpipeline", TOKEN),
        ("POST", path, TOKEN),
    ]


def test_the_same_retraining_again_starts_nothing(cluster: ScriptedKubernetes, jobs: Path) -> None:
    results = [retrain.retrain(client(cluster), jobs, incident(), ID) for _ in range(3)]
    assert {result.outcome for result in results} == {Outcome.DONE}
    assert cluster.names() == [NAME]


@pytest.mark.parametrize("running", ["approval-pipeline", "approval-pipeline-29400000"])
def test_a_pipeline_that_runs_is_not_started_beside_itself(
    cluster: ScriptedKubernetes, jobs: Path, running: str
) -> None:
    others = [
        {"metadata": {"name": f"a-{number}", "labels": {"of": "others"}}} for number in range(MOST_JOBS)
    ]
    cluster.jobs = [*others, {"metadata": {"name": running, "labels": JOB["metadata"]["labels"]}}]  # type: ignore[index]
    result = retrain.retrain(client(cluster), jobs, incident(), ID)
    assert result == Result(
        Outcome.FAILED, f"Job {running} is running; the pipeline never runs twice at once"
    )
    assert cluster.names()[MOST_JOBS:] == [running]


def test_where_not_all_jobs_of_a_pipeline_are_seen_none_is_started(
    cluster: ScriptedKubernetes, jobs: Path
) -> None:
    labels = JOB["metadata"]["labels"]  # type: ignore[index]
    cluster.jobs = [
        {"metadata": {"name": f"a-{number}", "labels": labels}} for number in range(MOST_JOBS + 1)
    ]
    with pytest.raises(KubernetesError, match="more than 500 Jobs of=pipeline; delete those that have ended"):
        retrain.retrain(client(cluster), jobs, incident(), ID)


def test_finished_runs_and_other_jobs_are_in_nobodys_way() -> None:
    jobs = [
        finished("approval-pipeline", "Complete"),
        finished("approval-pipeline-1", "Failed"),
        {"metadata": {"name": "approval-pipeline-extra"}},
        {"metadata": {"name": "other"}},
        {"metadata": {"name": "approval-pipeline-2"}, "status": {}},
    ]
    assert retrain.active(jobs, "approval-pipeline") == ["approval-pipeline-2"]


def test_a_refusal_says_what_the_api_server_said(cluster: ScriptedKubernetes, jobs: Path) -> None:
    cluster.refuse = True
    with pytest.raises(
        KubernetesError, match=r"refused GET .*/jobs with status 403: jobs\.batch is forbidden"
    ):
        retrain.retrain(client(cluster), jobs, incident(), ID)


def test_an_api_server_that_hangs_is_given_up(cluster: ScriptedKubernetes, jobs: Path) -> None:
    cluster.hang.set()
    begun = time.monotonic()
    with pytest.raises(KubernetesError, match="cannot be asked"):
        retrain.retrain(client(cluster, seconds=0.3), jobs, incident(), ID)
    assert time.monotonic() - begun < 5


def test_an_api_server_of_another_authority_is_told_no_token(
    cluster: ScriptedKubernetes, jobs: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = ScriptedKubernetes(tmp_path / "other")
    other.stop()
    stranger = KubernetesSettings(url=cluster.url, folder=other.folder)
    with pytest.raises(KubernetesError, match="CERTIFICATE_VERIFY_FAILED"):
        retrain.retrain(Kubernetes(stranger), jobs, incident(), ID)
    assert cluster.asked == []


def test_an_endpoint_without_a_job_is_named(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="endpoint mortgage has no Job to start"):
        retrain.template(tmp_path, "mortgage")
