from __future__ import annotations

from urllib.parse import unquote, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from pulumi_mlops import names


def test_mlflow_answers_to_its_service_names_and_the_published_address_with_ports() -> None:
    hosts = names.registry_hosts("model-registry", "mlops-system", 5000, "http://127.0.0.1:30501")
    assert hosts.split(",") == [
        "model-registry:5000",
        "model-registry.mlops-system:5000",
        "model-registry.mlops-system.svc:5000",
        "model-registry.mlops-system.svc.cluster.local:5000",
        "127.0.0.1:30501",
        "localhost:30501",
    ]


def test_mlflow_answers_inside_only_when_it_is_not_published() -> None:
    assert "127.0.0.1" not in names.registry_hosts("r", "n", 5000, None)


def test_the_digest_of_an_image_is_what_follows_the_at_sign() -> None:
    assert names.digest_of("127.0.0.1:30500/mlops/pipeline@sha256:abc") == "sha256:abc"


@given(password=st.text(min_size=1))
def test_a_database_url_carries_any_password(password: str) -> None:
    url = urlsplit(names.database_url("mlflow", password, "database.system.svc", 5432, "runs"))
    assert (url.username, url.hostname, url.port, url.path) == (
        "mlflow",
        "database.system.svc",
        5432,
        "/runs",
    )
    assert unquote(url.password or "", errors="surrogatepass") == password
