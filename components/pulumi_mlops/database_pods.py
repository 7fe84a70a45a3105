"""The pod of Database: one PostgreSQL server on a volume. Pure."""

from typing import Any

from pulumi_mlops import manifests, pod
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 5432
POSTGRES_UID = 999
_MOUNT = "/run/secrets/database"


def server(
    place: Placement, image: Any, database: str, user: str, volume: Object, resources: Object
) -> Object:
    """The StatefulSet of the server; the password comes from a file, never through argv or env.

    `volume` is the claim called `data`.  The server makes its own folder in it, so that it owns it
    whatever owns the volume's root.
    """
    password, password_mount = pod.secret_files("password", place.name, _MOUNT)
    socket, socket_mount = pod.scratch("run", "/var/run/postgresql", "16Mi")
    scratch, scratch_mount = pod.temporary("64Mi")
    check = pod.exec_check(
        "pg_isready", "--quiet", "--host=127.0.0.1", f"--username={user}", f"--dbname={database}"
    )
    container = pod.container(
        "postgres",
        image,
        env=[
            pod.env_value("POSTGRES_USER", user),
            pod.env_value("POSTGRES_DB", database),
            pod.env_value("POSTGRES_PASSWORD_FILE", f"{_MOUNT}/password"),
            pod.env_value("POSTGRES_INITDB_ARGS", "--auth-host=scram-sha-256 --data-checksums"),
            pod.env_value("PGDATA", "/var/lib/postgresql/data/pgdata"),
        ],
        ports=[("postgres", PORT)],
        mounts=[
            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
            password_mount,
            socket_mount,
            scratch_mount,
        ],
        probes=pod.probes(check, startup_seconds=120),
        resources=resources,
    )
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.name,
        user=POSTGRES_UID,
        volumes=[password, socket, scratch],
        grace_seconds=60,
    )
    return manifests.stateful_set(place.metadata(), place.selector, template, [volume])
