"""Names that several parts must agree on. Pure."""

from urllib.parse import quote, urlsplit

_PORTS = {"https": 443, "postgresql": 5432}


def digest_of(image: str) -> str:
    """The `sha256:…` part of a reference by digest: it identifies the code in the image."""
    return image.rsplit("@", maxsplit=1)[-1]


def registry_hosts(service: str, namespace: str, port: int, external_url: str | None) -> str:
    """The Host headers MLflow should answer: its Service's names and, if published, the outside address.

    MLflow compares the whole header, port included, and refuses everything else as DNS rebinding.
    """
    inside = (
        service,
        f"{service}.{namespace}",
        f"{service}.{namespace}.svc",
        f"{service}.{namespace}.svc.cluster.local",
    )
    hosts = [f"{host}:{port}" for host in inside]
    if external_url:
        outside = external_url.removeprefix("http://")
        hosts.append(outside)
        if outside.startswith("127.0.0.1:"):
            hosts.append(outside.replace("127.0.0.1", "localhost", 1))
    return ",".join(hosts)


def database_url(user: str, password: str, host: str, port: int, database: str) -> str:
    """SQLAlchemy's URL of a PostgreSQL database; the password may hold any character."""
    return f"postgresql+psycopg2://{quote(user, safe='')}:{quote(password, safe='')}@{host}:{port}/{database}"


def port_of(url: str) -> int:
    """The TCP port that a URL leads to."""
    parts = urlsplit(url)
    return parts.port or _PORTS.get(parts.scheme.split("+")[0], 80)


def host_of(url: str) -> str:
    """The host that a URL leads to; "" if it names none."""
    return urlsplit(url).hostname or ""
