"""The pod of ModelRegistry: MLflow's server. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from pulumi_mlops import manifests, pod
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

PORT = 5000
ADMIN = "admin"
_AUTH_FOLDER = "/etc/mlflow"
DATABASE_FOLDER = "/run/database"
AUTHORITIES_FOLDER = "/etc/database"
AUTHORITIES_FILE = "authorities.pem"
_DRIVER = "postgresql+psycopg2"
PASSWORD_FIELDS = {
    "user_field": "MLOPS_DATABASE_USER_FIELD",
    "password_field": "MLOPS_DATABASE_PASSWORD_FIELD",
}
"""Variable of `database-password` by the argument that names a field of the secret."""


@dataclass(frozen=True)
class DatabasePassword:
    """Where the password of the database comes from: a secret, and the program that reads it.

    `authorities` is a ConfigMap with the certificates that sign the server's, in AUTHORITIES_FILE; `fields`
    are variables of the program that name the secret's fields.
    """

    secret_arn: Any
    region: Any
    image: Any
    seconds: Any
    authorities: str
    content: Any
    fields: Mapping[str, str]


def url_with_files(url: str) -> str:
    """SQLAlchemy's URL by which libpq finds the password and the authorities in the pod's files.

    The driver is named: which one it is without a name changed with SQLAlchemy 2.1.

    Raises:
        InvalidValue: it is no PostgreSQL URL, or there is a password or a query in it.
    """
    parts = urlsplit(url)
    postgresql = parts.scheme in ("postgresql", _DRIVER)
    if not postgresql or parts.password is not None or parts.query or not parts.username:
        raise InvalidValue(
            "with database_password the URL is postgresql://user@host:port/database, without a password and "
            "without parameters; the password comes from the secret"
        )
    files = {
        "sslmode": "verify-full",
        "sslrootcert": f"{AUTHORITIES_FOLDER}/{AUTHORITIES_FILE}",
        "passfile": f"{DATABASE_FOLDER}/passfile",
    }
    return parts._replace(scheme=_DRIVER, query=urlencode(files, safe="/")).geturl()


def pem_bundle(value: str) -> str:
    """Certificates in PEM, one after the other, and no key among them."""
    if "PRIVATE KEY" in value or value.count("-----BEGIN CERTIFICATE-----") < 1:
        raise InvalidValue(
            "these are no certificates in PEM; give AWS's bundle of the region, from "
            "https://truststore.pki.rds.amazonaws.com/<region>/<region>-bundle.pem"
        )
    return value


def server(
    place: Placement,
    image: Any,
    allowed_hosts: Any,
    store: tuple[Any, Any],
    artifacts: Any,
    store_key: Iterable[str],
    resources: Object,
    *,
    password: DatabasePassword | None = None,
) -> Object:
    """The Deployment of the server; `store` is (S3 endpoint, region), `store_key` the variables of its key.

    `artifacts` is the flag that says where the files of runs are; model artifacts proper are elsewhere.
    One worker and no job runner: the server keeps records, and each Python process costs 250 MiB.
    """
    auth, auth_mount = pod.secret_files("auth", place.named("auth"), _AUTH_FOLDER)
    scratch, scratch_mount = pod.temporary("1Gi")
    container = pod.container(
        "mlflow",
        image,
        args=[
            "server",
            "--app-name=basic-auth",
            "--host=0.0.0.0",
            f"--port={PORT}",
            "--workers=1",
            artifacts,
        ],
        env=[
            pod.env_value("MLFLOW_SERVER_ALLOWED_HOSTS", allowed_hosts),
            pod.env_value("MLFLOW_AUTH_CONFIG_PATH", f"{_AUTH_FOLDER}/basic_auth.ini"),
            pod.env_secret("MLFLOW_BACKEND_STORE_URI", place.named("secrets")),
            pod.env_secret("MLFLOW_FLASK_SERVER_SECRET_KEY", place.named("secrets")),
            pod.env_value("MLFLOW_S3_ENDPOINT_URL", store[0]),
            pod.env_value("AWS_REGION", store[1]),
            *(pod.env_secret(name, place.named("secrets")) for name in store_key),
            *_QUIET,
        ],
        ports=[("http", PORT)],
        mounts=[auth_mount, scratch_mount, *([] if password is None else _READ_PASSWORD)],
        probes=pod.probes(pod.http_check("/health", "http"), startup_seconds=300),
        resources=resources,
    )
    template = pod.pod_template(
        place.labels,
        [container],
        service_account=place.name,
        volumes=[auth, scratch],
        content=None if password is None else password.content,
    )
    if password is not None:
        template["spec"]["initContainers"] = _password_containers(password)
        template["spec"]["volumes"] += _password_volumes(password)
    # Two servers never run at once: both would migrate the database.
    return manifests.single_deployment(place.metadata(), place.selector, template)


_QUIET = [
    pod.env_value("MLFLOW_DISABLE_TELEMETRY", "true"),
    pod.env_value("DO_NOT_TRACK", "true"),
    pod.env_value("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"),
    pod.env_value("GIT_PYTHON_REFRESH", "quiet"),
    pod.env_value("HOME", pod.TEMPORARY),
]

_READ_PASSWORD: list[Object] = [
    {"name": "database-password", "mountPath": DATABASE_FOLDER, "readOnly": True},
    {"name": "database-authorities", "mountPath": AUTHORITIES_FOLDER, "readOnly": True},
]


def _password_containers(password: DatabasePassword) -> list[Object]:
    """The password is there before the server starts, and is looked at as long as it runs.

    Both run as the server's user: libpq takes a password file from nobody else.
    """
    fields: Object = {
        "resources": pod.resources("10m", "48Mi", "128Mi"),
        "env": [
            pod.env_value("MLOPS_DATABASE_SECRET_ARN", password.secret_arn),
            pod.env_value("MLOPS_DATABASE_PASSFILE", f"{DATABASE_FOLDER}/passfile"),
            pod.env_value("MLOPS_DATABASE_PASSWORD_SECONDS", password.seconds),
            pod.env_value("AWS_REGION", password.region),
            *(pod.env_value(variable, field) for variable, field in password.fields.items()),
        ],
        "mounts": [{"name": "database-password", "mountPath": DATABASE_FOLDER}],
    }
    first = pod.container(
        "first-database-password", password.image, args=["database-password", "--once"], **fields
    )
    ever_after = pod.container("database-password", password.image, args=["database-password"], **fields)
    return [first, {**ever_after, "restartPolicy": "Always"}]


def _password_volumes(password: DatabasePassword) -> list[Object]:
    # In memory: a password on the node's disk would outlive the pod.
    return [
        {"name": "database-password", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "database-authorities", "configMap": {"name": password.authorities}},
    ]
