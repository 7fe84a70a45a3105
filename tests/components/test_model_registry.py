from __future__ import annotations

import configparser

import pulumi_mlops as mlops
from component_samples import make
from recording_engine import SECRET, registered


def test_a_model_registry_is_mlflow_with_its_secrets() -> None:
    recording = registered(lambda: make(mlops.ModelRegistry, "registry"))
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("Deployment", "registry-server"),
        ("ModelRegistry", "registry"),
        ("NetworkPolicy", "registry-flows"),
        ("Secret", "registry-auth"),
        ("Secret", "registry-secrets"),
        ("Service", "registry-service"),
        ("ServiceAccount", "registry-account"),
    ]
    assert recording.outputs["registry"] == {
        "url": "http://registry.system.svc:5000",
        "external_url": "http://127.0.0.1:30080",
        "username": "admin",
        "password": SECRET,
    }


def test_authentication_is_on_and_its_settings_are_a_file() -> None:
    recording = registered(lambda: make(mlops.ModelRegistry, "registry"))
    parser = configparser.ConfigParser()
    parser.read_string(recording.of("Secret", "registry-auth").secrets["stringData"]["basic_auth.ini"])
    assert parser["mlflow"]["admin_password"] == "secret-admin-password"
    container = recording.of("Deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == [
        "server",
        "--app-name=basic-auth",
        "--host=0.0.0.0",
        "--port=5000",
        "--workers=1",
        "--artifacts-destination=s3://data/mlflow",
    ]
    plain = {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}
    assert plain["MLFLOW_AUTH_CONFIG_PATH"] == "/etc/mlflow/basic_auth.ini"
    assert plain["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert plain["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")[-2:] == ["127.0.0.1:30080", "localhost:30080"]


def test_two_servers_never_migrate_the_database_at_once() -> None:
    spec = registered(lambda: make(mlops.ModelRegistry, "registry")).of("Deployment").inputs["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
