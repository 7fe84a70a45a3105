"""What `mlops up` promises, looked at from outside on the running `e2e` environment."""

from __future__ import annotations

import json

import httpx
import numpy as np
import pytest

from running_platform import Platform, eventually, mlops, pulumi, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]


def test_up_ends_with_a_real_prediction_and_the_curl_line_that_gave_it(platform: Platform) -> None:
    url = f"{platform.endpoint['url']}/v2/models/mortgage/infer"
    lines = platform.up_output.splitlines()
    curl = next(number for number, line in enumerate(lines) if line.startswith(f"curl -s {url}"))
    answer = json.loads(lines[curl + 1])
    assert answer["model_name"] == "mortgage"
    assert {output["name"] for output in answer["outputs"]} == {"label", "probabilities"}


def test_status_names_the_endpoint_its_url_and_the_version_that_it_loaded(platform: Platform) -> None:
    assert platform.endpoint == {
        "name": "mortgage",
        "url": "http://127.0.0.1:30180",
        "model": "mortgage",
        "version": "1",
        "ready": True,
        "state": "ready",
    }
    assert httpx.get(f"{platform.status['modelRegistryUrl']}/health").status_code == 200
    assert httpx.get(platform.status["objectStoreUrl"]).status_code == 403


def test_a_second_up_changes_nothing(platform: Platform) -> None:
    assert "  no change" in mlops("up", "e2e").stdout.splitlines()


def test_preview_and_refresh_typed_by_hand_find_no_change(platform: Platform) -> None:
    pulumi("preview", "--stack", "e2e", "--expect-no-changes", "--non-interactive")
    pulumi("refresh", "--stack", "e2e", "--expect-no-changes", "--non-interactive", "--yes")


def test_a_pipeline_without_a_schedule_runs_again_as_its_runbook_says(platform: Platform) -> None:
    def run() -> tuple[str, int]:
        job = platform.get("job", "mortgage-approval-pipeline", "-n", "mlops-models")
        return job["metadata"]["uid"], job["status"].get("succeeded", 0)

    before, _ = run()
    chosen = ["--target-replace", "**mortgage-approval-pipeline-job"]
    platform.pulumi("up", "--yes", "--non-interactive", "--skip-preview", *chosen)
    after, succeeded = run()
    assert (after != before, succeeded) == (True, 1)


def test_secrets_are_in_clear_neither_in_state_nor_in_configuration(platform: Platform) -> None:
    exported = pulumi("stack", "export", "--stack", "e2e").stdout
    shown = json.loads(pulumi("config", "get", "mlops:secrets", "--stack", "e2e").stdout)
    found = [name for name, value in shown.items() if value in exported]
    assert shown
    assert found == []


def test_predictions_equal_the_training_librarys_on_the_whole_test_split(platform: Platform) -> None:
    from mlops_pipelines.mortgage import reference_predictions

    request, expected = reference_predictions()
    answer = httpx.post(
        f"{platform.endpoint['url']}/v2/models/mortgage/infer", json=request, timeout=30
    ).json()
    outputs = {output["name"]: np.reshape(output["data"], output["shape"]) for output in answer["outputs"]}
    np.testing.assert_allclose(outputs["probabilities"], expected["probabilities"], atol=1e-5)
    np.testing.assert_array_equal(outputs["label"].ravel(), expected["label"].ravel())


def test_the_autoscaler_reads_the_pods_cpu(platform: Platform) -> None:
    def scaling() -> bool:
        scaler = platform.get("hpa", "mortgage", "-n", "mlops-models")
        active = {condition["type"]: condition["status"] for condition in scaler["status"]["conditions"]}
        return active.get("ScalingActive") == "True"

    # A pod that has just started has no average yet.
    eventually(scaling, 120, "the autoscaler knows the pods' CPU")


def test_model_registry_refuses_a_client_without_a_password(platform: Platform) -> None:
    url = f"{platform.status['modelRegistryUrl']}/api/2.0/mlflow/experiments/search?max_results=1"
    assert httpx.get(url).status_code == 401


def test_bringing_it_up_wrote_nothing_into_the_checkout(platform: Platform) -> None:
    assert run(["git", "status", "--porcelain", "stacks", "examples"]).stdout == ""
