from __future__ import annotations

import configparser
from typing import Any

import pulumi
import pytest

import pulumi_mlops as mlops
from component_samples import image, make
from recording_engine import SECRET, Recording, registered, unknown


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


AUTHORITIES = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
ROTATED: dict[str, Any] = {
    "database_url": "postgresql://mlflow@db.example.internal:5432/mlflow",
    "database_password": {
        "secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db",
        "region": "eu-central-1",
        "image": image("pipeline"),
        "authorities": AUTHORITIES,
    },
}
WITH_FILES = (
    "postgresql+psycopg2://mlflow@db.example.internal:5432/mlflow?sslmode=verify-full"
    "&sslrootcert=/etc/database/authorities.pem&passfile=/run/database/passfile"
)
AGENT = {
    "to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}],
    "ports": [{"protocol": "TCP", "port": 80}],
}


def rotated(**changes: Any) -> Recording:
    return registered(lambda: make(mlops.ModelRegistry, "registry", **{**ROTATED, **changes}))


def refusal(**changes: Any) -> str:
    with pytest.raises(pulumi.InputPropertyError) as caught:
        rotated(**changes)
    return str(caught.value)


def pod_of(recording: Recording) -> dict[str, Any]:
    return dict(recording.of("Deployment").inputs["spec"]["template"]["spec"])


def test_a_rotated_password_is_read_before_the_server_starts_and_ever_after() -> None:
    pod = pod_of(rotated())
    same = {
        "image": image("pipeline"),
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "MLOPS_DATABASE_SECRET_ARN", "value": ROTATED["database_password"]["secret_arn"]},
            {"name": "MLOPS_DATABASE_PASSFILE", "value": "/run/database/passfile"},
            {"name": "MLOPS_DATABASE_PASSWORD_SECONDS", "value": "30"},
            {"name": "AWS_REGION", "value": "eu-central-1"},
        ],
        "volumeMounts": [{"name": "database-password", "mountPath": "/run/database"}],
        "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    assert pod["initContainers"] == [
        {"name": "first-database-password", "args": ["database-password", "--once"], **same},
        {"name": "database-password", "args": ["database-password"], "restartPolicy": "Always", **same},
    ]


def test_the_server_reads_the_password_and_the_authorities_and_writes_neither() -> None:
    recording = rotated()
    pod = pod_of(recording)
    assert pod["volumes"][2:] == [
        {"name": "database-password", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "database-authorities", "configMap": {"name": "registry-database-authorities"}},
    ]
    assert pod["containers"][0]["volumeMounts"][2:] == [
        {"name": "database-password", "mountPath": "/run/database", "readOnly": True},
        {"name": "database-authorities", "mountPath": "/etc/database", "readOnly": True},
    ]
    assert recording.of("ConfigMap").inputs["data"] == {"authorities.pem": AUTHORITIES}


def test_the_url_has_no_password_and_checks_the_servers_name() -> None:
    recording = rotated()
    secrets = recording.of("Secret", "registry-secrets").secrets["stringData"]
    assert secrets["MLFLOW_BACKEND_STORE_URI"] == WITH_FILES
    parser = configparser.ConfigParser()
    parser.read_string(recording.of("Secret", "registry-auth").secrets["stringData"]["basic_auth.ini"])
    assert parser["mlflow"]["database_uri"] == WITH_FILES


def test_a_new_bundle_of_authorities_makes_the_pod_anew() -> None:
    def annotations(authorities: str) -> Any:
        password = {**ROTATED["database_password"], "authorities": authorities}
        template = rotated(database_password=password).of("Deployment").inputs["spec"]["template"]
        return template["metadata"]["annotations"]

    assert annotations(AUTHORITIES) == annotations(AUTHORITIES)
    assert annotations(AUTHORITIES) != annotations(AUTHORITIES * 2)


def test_the_pod_may_ask_the_nodes_agent_for_its_role() -> None:
    with_flow = rotated().of("NetworkPolicy").inputs["spec"]["egress"]
    without = registered(lambda: make(mlops.ModelRegistry, "registry")).of("NetworkPolicy")
    assert with_flow == [*without.inputs["spec"]["egress"], AGENT]


def test_by_pod_identity_there_is_no_key_in_the_pod_or_the_secret() -> None:
    store = {"url": "https://s3.eu-central-1.amazonaws.com", "region": "eu-central-1"}
    recording = registered(lambda: make(mlops.ModelRegistry, "registry", store=store))
    names = [entry["name"] for entry in pod_of(recording)["containers"][0]["env"]]
    assert [name for name in names if name.startswith("AWS_")] == ["AWS_REGION"]
    assert sorted(recording.of("Secret", "registry-secrets").secrets["stringData"]) == [
        "MLFLOW_BACKEND_STORE_URI",
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
    ]
    assert recording.of("NetworkPolicy").inputs["spec"]["egress"][-1] == AGENT


def test_what_contradicts_a_rotated_password_is_refused_with_the_remedy() -> None:
    plain = ROTATED["database_url"]
    for url in ("postgresql://mlflow:word@db:5432/mlflow", f"{plain}?sslmode=disable", "sqlite:///mlflow.db"):
        assert "without a password and without parameters" in refusal(database_url=url)
    password = {**ROTATED["database_password"], "authorities": "none"}
    assert "give AWS's bundle of the region" in refusal(database_password=password)
    password["authorities"] = AUTHORITIES + "-----BEGIN PRIVATE KEY-----"
    assert "these are no certificates in PEM" in refusal(database_password=password)


def test_the_fields_of_a_secret_of_ones_own_are_told_to_who_reads_it() -> None:
    fields = {"user_field": "login", "password_field": "word"}
    password = {**ROTATED["database_password"], **fields}
    spec = rotated(database_password=password).of("Deployment").inputs["spec"]["template"]["spec"]
    readers = [each for each in spec["initContainers"] if "database-password" in each["name"]]
    assert [each["env"][4:] for each in readers] == [
        [
            {"name": "MLOPS_DATABASE_USER_FIELD", "value": "login"},
            {"name": "MLOPS_DATABASE_PASSWORD_FIELD", "value": "word"},
        ]
    ] * 2


@pytest.mark.parametrize("key", ["secret_arn", "region", "image", "authorities", "seconds"])
def test_a_preview_registers_the_same_with_one_of_its_values_unknown(key: str) -> None:
    def program() -> None:
        password = {**ROTATED["database_password"], key: unknown()}
        make(mlops.ModelRegistry, "registry", **{**ROTATED, "database_password": password})

    assert registered(program, preview=True).urns == rotated().urns
