from __future__ import annotations

import pulumi_mlops as mlops
from component_samples import make
from recording_engine import SECRET, registered


def test_a_database_is_one_server_reachable_inside_only() -> None:
    recording = registered(lambda: make(mlops.Database, "db"))
    assert sorted((r.type.split(":")[-1], r.name) for r in recording.resources) == [
        ("Database", "db"),
        ("NetworkPolicy", "db-flows"),
        ("Secret", "db-password"),
        ("Service", "db-service"),
        ("ServiceAccount", "db-account"),
        ("StatefulSet", "db-server"),
    ]
    assert recording.of("Service").inputs["spec"]["type"] == "ClusterIP"
    assert recording.outputs["db"] == {"host": "db.system.svc", "url": SECRET}


def test_the_password_comes_from_a_file_and_connections_from_outside_use_scram() -> None:
    recording = registered(lambda: make(mlops.Database, "db"))
    pod = recording.of("StatefulSet").inputs["spec"]["template"]["spec"]
    env = {entry["name"]: entry["value"] for entry in pod["containers"][0]["env"]}
    assert env == {
        "POSTGRES_USER": "mlflow",
        "POSTGRES_DB": "mlflow",
        "POSTGRES_PASSWORD_FILE": "/run/secrets/database/password",
        "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256 --data-checksums",
        "PGDATA": "/var/lib/postgresql/data/pgdata",
    }
    assert recording.of("Secret").secrets == {"stringData": {"password": "secret-database-password"}}
    assert pod["securityContext"]["runAsUser"] == 999


def test_the_three_probes_ask_the_server_itself() -> None:
    recording = registered(lambda: make(mlops.Database, "db"))
    container = recording.of("StatefulSet").inputs["spec"]["template"]["spec"]["containers"][0]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"][0] == "pg_isready"


def test_only_the_named_flows_come_in_and_none_goes_out() -> None:
    spec = registered(lambda: make(mlops.Database, "db")).of("NetworkPolicy").inputs["spec"]
    assert len(spec["ingress"]) == 1
    assert "egress" not in spec
