from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from mlops_pipelines.errors import SettingsError, Unreachable
from mlops_pipelines.secrets_manager import SecretPlace, SecretRefused, reader

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds-AbCdEf"
KEY = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
SECRET = {"username": "mlflow", "password": "word"}


class Scripted(ThreadingHTTPServer):
    """Answers GET as the node's agent and POST as Secrets Manager, and keeps what was asked."""

    def __init__(self) -> None:
        self.agent: tuple[int, Any] = (200, {})
        self.secrets: tuple[int, Any] = (200, {"SecretString": json.dumps(SECRET)})
        self.asked: list[tuple[dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_GET(self) -> None:
        self._answer(*self.server.agent)

    def do_POST(self) -> None:
        self._answer(*self.server.secrets)

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, status: int, body: Any) -> None:
        asked = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.asked.append(({k.lower(): v for k, v in self.headers.items()}, asked))
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def place(server: Scripted) -> SecretPlace:
    return SecretPlace(ARN, "eu-central-1", server.url)


@pytest.mark.parametrize("text", ['{"login": "me", "word": "hidden"}'])
def test_the_fields_of_a_secret_that_rds_did_not_write_are_named(scripted: Scripted, text: str) -> None:
    scripted.secrets = (200, {"SecretString": text})
    own = SecretPlace(ARN, "eu-central-1", scripted.url, user_field="login", password_field="word")
    assert reader(own, KEY)() == ("me", "hidden")
    scripted.secrets = (200, {"SecretString": text})
    with pytest.raises(SecretRefused, match=r"no JSON object with username and password; name the secret"):
        reader(place(scripted), KEY)()


def test_the_endpoint_is_the_regions_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(self: Any, request: Any) -> Any:
        asked.append(request.url)
        raise EndpointConnectionError(endpoint_url=request.url)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", refuse)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for region in ("eu-central-1", "cn-north-1"):
        with pytest.raises(Unreachable):
            reader(SecretPlace(ARN, region), KEY)()
    assert list(dict.fromkeys(asked)) == [
        "https://secretsmanager.eu-central-1.amazonaws.com/",
        "https://secretsmanager.cn-north-1.amazonaws.com.cn/",
    ]


def test_the_key_is_the_one_of_pod_identity_with_the_token_of_the_moment(
    scripted: Scripted, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("the-token")
    ends = (datetime.now(UTC) + timedelta(hours=6)).isoformat()
    key = {"AccessKeyId": "role-id", "SecretAccessKey": "role-key", "Token": "session", "Expiration": ends}
    scripted.agent = (200, key)
    environ = {
        **KEY,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{scripted.url}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert reader(place(scripted), environ)() == ("mlflow", "word")
    (agent, _), (secrets, body) = scripted.asked
    assert agent["authorization"] == "the-token"
    assert secrets["authorization"].startswith("AWS4-HMAC-SHA256 Credential=role-id/")
    assert (secrets["x-amz-security-token"], secrets["x-amz-target"]) == (
        "session",
        "secretsmanager.GetSecretValue",
    )
    assert json.loads(body) == {"SecretId": ARN}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, "InternalServiceError"),
        (503, ""),
        (400, "ThrottlingException"),
        (400, "x#ExpiredTokenException"),
    ],
)
def test_what_another_attempt_may_change_is_an_outage(scripted: Scripted, status: int, kind: str) -> None:
    scripted.secrets = (status, {"__type": kind, "message": "later"})
    with pytest.raises(Unreachable, match="later"):
        reader(place(scripted), KEY)()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "AccessDeniedException"),
        (400, "ResourceNotFoundException"),
        (403, "com.amazon.coral.service#UnrecognizedClientException"),
    ],
)
def test_a_refusal_says_which_right_is_missing(scripted: Scripted, status: int, kind: str) -> None:
    scripted.secrets = (status, {"__type": kind, "Message": "no"})
    with pytest.raises(SecretRefused) as caught:
        reader(place(scripted), KEY)()
    assert str(caught.value) == (
        f"Secrets Manager answered {status} {kind.rsplit('#')[-1]} no; let the role of this pod's service "
        f"account do secretsmanager:GetSecretValue on {ARN} and kms:Decrypt with its key"
    )


@pytest.mark.parametrize("text", ["word", "[1]", "{}", '{"username": "mlflow"}'])
def test_a_secret_that_rds_did_not_write_is_refused_without_showing_it(scripted: Scripted, text: str) -> None:
    scripted.secrets = (200, {"SecretString": text})
    with pytest.raises(SecretRefused, match="is no JSON object with username and password"):
        reader(place(scripted), KEY)()


def test_nothing_that_listens_is_an_outage(scripted: Scripted) -> None:
    dead = SecretPlace(ARN, "eu-central-1", "http://127.0.0.1:1")
    with pytest.raises(Unreachable, match="check that the pod's network lets it through"):
        reader(dead, KEY)()


def agent_of(server: Scripted, folder: Path) -> dict[str, str]:
    (folder / "token").write_text("the-token")
    return {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(folder / "token"),
    }


def test_an_agent_that_gives_no_credentials_is_an_outage_with_what_to_check(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = agent_of(scripted, tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for status in (404, 500):
        scripted.agent = (status, {"message": "no association"})
        with pytest.raises(Unreachable, match=r"agent gave no credentials: .*; check that the pod's"):
            reader(place(scripted), environ)()
    with pytest.raises(Unreachable, match="agent gave no credentials"):
        reader(place(scripted), {**environ, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1"})()


@pytest.mark.parametrize("environ", [{}, {"AWS_ACCESS_KEY_ID": "id"}])
def test_a_pod_without_credentials_does_not_take_the_nodes(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="AWS_CONTAINER_CREDENTIALS_FULL_URI is not set"):
        reader(place(scripted), environ)()
    assert scripted.asked == []
