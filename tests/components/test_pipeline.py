from __future__ import annotations

import json

import pulumi_mlops as mlops
from component_samples import DIGEST, make
from recording_engine import registered


def test_a_pipeline_is_a_job_and_with_a_schedule_a_cron_job_of_the_same_pod() -> None:
    recording = registered(lambda: make(mlops.Pipeline, "train"))
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("CronJob", "train-schedule"),
        ("Job", "train-job"),
        ("NetworkPolicy", "train-flows"),
        ("Pipeline", "train"),
        ("Secret", "train-keys"),
        ("ServiceAccount", "train-account"),
    ]
    cron = recording.of("CronJob").inputs["spec"]
    assert cron["schedule"] == "0 3 * * 1"
    assert cron["concurrencyPolicy"] == "Forbid"
    assert cron["jobTemplate"]["spec"] == recording.of("Job").inputs["spec"]
    assert cron["jobTemplate"]["metadata"] == {
        "labels": cron["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    }


def test_without_a_schedule_it_runs_once() -> None:
    recording = registered(lambda: make(mlops.Pipeline, "train", schedule=None))
    assert recording.names_of("CronJob") == []


def test_a_run_is_bounded_and_knows_its_code_by_the_images_digest() -> None:
    spec = registered(lambda: make(mlops.Pipeline, "train")).of("Job").inputs["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (2, 900)
    container = spec["template"]["spec"]["containers"][0]
    assert container["args"] == ["run", "mortgage-approval"]
    plain = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
    assert plain["MLOPS_CODE_REVISION"] == f"sha256:{DIGEST}"
    assert plain["MLFLOW_TRACKING_URI"] == "http://mlflow:5000"
    secret = [entry["name"] for entry in container["env"] if "valueFrom" in entry]
    assert secret == [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "MLFLOW_TRACKING_USERNAME",
        "MLFLOW_TRACKING_PASSWORD",
    ]


def test_the_job_to_start_again_is_the_job_itself() -> None:
    recording = registered(lambda: make(mlops.Pipeline, "train"))
    job = recording.of("Job").inputs
    assert json.loads(recording.outputs["train"]["job_template"]) == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": job["metadata"],
        "spec": job["spec"],
    }
