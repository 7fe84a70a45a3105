"""Keys: who gets in, who does not and is told why, and how they change."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from contextlib import closing
from hashlib import sha256
from timeit import repeat

import pytest

from mlops_serving.access import Access, entry, new_key, read_keys
from mlops_serving.errors import Forbidden, SettingsError, Unauthenticated
from serving_folder import folder_environ, replace_file

INFER = "/v2/models/iris/infer"
KEY, OTHER = new_key(), new_key()


def key_file(*keys, **more):
    return json.dumps(
        {"keys": [dict(zip(("id", "sha256", "models"), key, strict=True)) for key in keys]} | more
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(key_file(("shop", KEY.sha256, ["iris"]), ("all", OTHER.sha256, ["*"])))
    return path


@pytest.fixture
def access(path, metrics):
    access = Access(path, metrics.access_refused, metrics.reloads, 0.02)
    yield access
    access.close()


def test_a_key_gives_access_to_its_models_by_either_header(access):
    access.allowed(f"Bearer {KEY.key}", None, "iris")
    access.allowed(f"bearer  {KEY.key} ", None, "iris")
    access.allowed(None, KEY.key, "iris")
    access.allowed("Basic abc", KEY.key, "iris")
    access.allowed(None, KEY.key, "")
    access.allowed(None, OTHER.key, "whatever")


@pytest.mark.parametrize(
    ("authorization", "api_key", "reason", "challenge"),
    [
        (None, None, "missing", 'Bearer realm="mlops"'),
        ("Basic abc", None, "malformed", 'Bearer realm="mlops"'),
        (KEY.key, None, "malformed", 'Bearer realm="mlops"'),
        ("Bearer nonsense", None, "unknown", 'Bearer realm="mlops", error="invalid_token"'),
        (f"Bearer {KEY.sha256}", None, "unknown", 'Bearer realm="mlops", error="invalid_token"'),
        ("Bearer wrong", KEY.key, "unknown", 'Bearer realm="mlops", error="invalid_token"'),
        (None, "", "unknown", 'Bearer realm="mlops", error="invalid_token"'),
        (None, "\udcff", "unknown", 'Bearer realm="mlops", error="invalid_token"'),
    ],
    ids=["none", "basic", "bare", "nonsense", "hash", "wrong bearer", "empty", "no text"],
)
def test_without_a_known_key_there_is_no_access(access, metrics, authorization, api_key, reason, challenge):
    with pytest.raises(Unauthenticated) as caught:
        access.allowed(authorization, api_key, "iris")
    assert (caught.value.status, caught.value.kind) == (401, "unauthenticated")
    assert caught.value.challenge == challenge
    assert metrics.access_refused.labels(reason).get() == 1


def test_a_key_for_other_models_is_forbidden_and_told_what_it_is_for(access, metrics, caplog):
    for _ in range(3):
        with pytest.raises(Forbidden, match=r"^key 'shop' is not for model 'mortgage'; it is for iris$"):
            access.allowed(None, KEY.key, "mortgage")
    assert metrics.access_refused.labels("forbidden").get() == 3
    assert [record.fields for record in caplog.records] == [
        {"reason": "forbidden", "key": "shop", "model": "mortgage"}
    ]


def test_no_part_of_a_key_is_ever_logged(access, caplog):
    with pytest.raises(Unauthenticated):
        access.allowed("Bearer secret-guess", None, "iris")
    access.allowed(None, KEY.key, "iris")
    assert [(record.getMessage(), record.fields) for record in caplog.records] == [
        ("a request was refused", {"reason": "unknown"})
    ]


def test_a_changed_file_is_read_again_and_a_malformed_one_changes_nothing(
    access, path, metrics, wait_until, caplog
):
    replace_file(path, '{"keys": []}')
    wait_until(lambda: metrics.reloads.labels("keys", "refused").get() == 1)
    access.allowed(None, KEY.key, "iris")
    path.unlink()
    wait_until(lambda: metrics.reloads.labels("keys", "refused").get() == 2)
    access.allowed(None, KEY.key, "iris")
    fresh = new_key()
    replace_file(path, key_file(("shop", fresh.sha256, ["iris"])))
    wait_until(lambda: metrics.reloads.labels("keys", "done").get() == 1)
    access.allowed(None, fresh.key, "iris")
    for gone in (KEY, OTHER):
        with pytest.raises(Unauthenticated):
            access.allowed(None, gone.key, "iris")


def test_a_swapped_symbolic_link_is_noticed_as_kubernetes_makes_it(tmp_path, metrics, wait_until):
    for name, made in (("first", KEY), ("second", OTHER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "keys.json").write_text(key_file(("shop", made.sha256, ["iris"])))
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "keys.json").symlink_to("..data/keys.json")
    access = Access(tmp_path / "keys.json", metrics.access_refused, metrics.reloads, 0.02)
    access.allowed(None, KEY.key, "iris")
    (tmp_path / "..new").symlink_to("second")
    (tmp_path / "..new").rename(tmp_path / "..data")
    wait_until(lambda: metrics.reloads.labels("keys", "done").get() == 1)
    access.allowed(None, OTHER.key, "iris")
    access.close()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "are not JSON"),
        ("[]", "are malformed: : Input should be"),
        ('{"keys": []}', "keys: Tuple should have at least 1 item"),
        (key_file(("a", KEY.sha256, ["iris"]), more=1), "more: Extra inputs are not permitted"),
        (key_file(("a", KEY.key, ["iris"])), "keys.0.sha256: String should match pattern"),
        (key_file(("a", KEY.sha256, [])), "keys.0.models: Tuple should have at least 1 item"),
        (key_file(("", KEY.sha256, ["iris"])), "keys.0.id: String should have at least 1 character"),
        (key_file(("a", KEY.sha256, ["x"]), ("a", OTHER.sha256, ["x"])), "name an id or a sha256 twice"),
        (key_file(("a", KEY.sha256, ["x"]), ("b", KEY.sha256, ["x"])), "name an id or a sha256 twice"),
    ],
)
def test_a_malformed_file_is_refused_without_repeating_what_it_says(path, content, why):
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        read_keys(path)
    assert why in str(caught.value)
    assert KEY.key not in str(caught.value)


def test_a_new_key_has_256_random_bits_and_its_hash_opens_the_door(path, access, wait_until, metrics):
    made = new_key()
    assert len({new_key().key for _ in range(100)}) == 100
    assert len(made.key.removeprefix("mlops_")) == 43
    assert made.sha256 == sha256(made.key.encode()).hexdigest()
    assert json.loads(entry("shop", ["iris"], made.sha256)) == {
        "id": "shop",
        "sha256": made.sha256,
        "models": ["iris"],
    }


def test_the_command_prints_a_line_for_the_file_and_the_key_apart_from_it(path):
    command = [sys.executable, "-m", "mlops_serving.access", "shop", "iris", "mortgage"]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    key = made.stderr.split()[-1]
    assert key not in made.stdout
    path.write_text(f'{{"keys": [{made.stdout}]}}')
    assert [(found.id, found.digest, found.models) for found in read_keys(path).values()] == [
        ("shop", sha256(key.encode()).digest(), {"iris", "mortgage"})
    ]
    assert subprocess.run(command[:4], capture_output=True, check=False).returncode == 2


def test_a_check_takes_less_than_three_microseconds(access):
    header = f"Bearer {KEY.key}"
    seconds = min(repeat(lambda: access.allowed(header, None, "iris"), number=2000, repeat=20)) / 2000
    assert seconds < 3e-6


@pytest.fixture
def server(serve, tmp_path, iris, path):
    admin = tmp_path / "admin.json"
    admin.write_text(key_file(("operator", OTHER.sha256, ["iris"])))
    environ = folder_environ(tmp_path / "store", iris)
    keys = {"MLOPS_ACCESS_KEYS_FILE": str(path), "MLOPS_ADMIN_KEY_FILE": str(admin)}
    return serve(environ | keys | {"MLOPS_REPOSITORY_API": "true"})


def test_health_and_metrics_are_open_and_everything_about_a_model_needs_a_key(server, iris, iris_body):
    server.wait_ready()
    body = iris_body(iris.rows[:1])
    assert [server.status(f"/v2/health/{name}") for name in ("live", "ready")] == [200, 200]
    for asked in ("/v2", "/v2/models/iris", "/v2/models/iris/ready", "/v2/models/iris/versions/1"):
        assert server.status(asked) == 401
        assert server.ask(asked, api_key=KEY.key).status == 200
    refused = server.ask(INFER, body)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="mlops"')
    assert refused.json == {
        "error": "a key is needed; send it as 'Authorization: Bearer KEY' or 'api-key: KEY'"
    }
    assert server.ask(INFER, body, Authorization=f"Bearer {KEY.key}").status == 200
    other = server.ask("/v2/models/mortgage/infer", body, api_key=KEY.key)
    assert (other.status, other.json) == (
        403,
        {"error": "key 'shop' is not for model 'mortgage'; it is for iris"},
    )
    assert server.ask("/v2/models/mortgage/infer", body, api_key=OTHER.key).status == 404
    assert server.metric('mlops_access_refused_total{reason="missing"}') == 5
    assert server.metric('mlops_access_refused_total{reason="forbidden"}') == 1
    assert KEY.key not in server.log.read_text()


def test_a_refused_client_learns_why_even_if_it_sends_much_and_keeps_its_connection(server):
    server.wait_ready()
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        for key, status in (("", 401), (KEY.key, 403)) * 3:
            body = b"x" * 5_000_000
            connection.request("POST", "/v2/models/mortgage/infer", body, {"api-key": key})
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("connection")) == (status, None)
            assert answer.read().startswith(b'{"error":')


def test_the_repository_has_keys_of_its_own(server):
    server.wait_ready()

    def post(what, **headers):
        return server.ask(f"/v2/repository/{what}", b"", "POST", port=server.admin_port, **headers)

    refused = post("index")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Bearer realm="mlops"')
    assert post("index", api_key=KEY.key).status == 401
    assert [one["name"] for one in post("index", api_key=OTHER.key).json] == ["iris"]
    assert post("models/mortgage/load", api_key=OTHER.key).status == 403
    assert post("models/iris/unload", api_key=OTHER.key).status == 200
    assert server.metric('mlops_access_refused_total{reason="unknown"}') == 1


def test_keys_change_under_load_without_losing_a_request_of_a_key_that_stays(
    server, path, iris, iris_body, wait_until
):
    server.wait_ready()
    body = json.dumps(iris_body(iris.rows[:1])).encode()
    stop = threading.Event()
    load = server.load(2, INFER, body, stop, {"api-key": OTHER.key})
    for count in range(1, 6):
        fresh = new_key()
        replace_file(path, key_file(("new", fresh.sha256, ["iris"]), ("all", OTHER.sha256, ["*"])))
        wait_until(lambda n=count: server.metric('mlops_reloads_total{file="keys",result="done"}') == n)
        assert server.ask(INFER, body, api_key=fresh.key).status == 200
    stop.set()
    load.join()
    assert load.lost == []
    assert {status for status, _ in load.replies} == {200}
    assert server.ask(INFER, body, api_key=KEY.key).status == 401


@pytest.mark.parametrize("variable", ["MLOPS_ACCESS_KEYS_FILE", "MLOPS_ADMIN_KEY_FILE"])
def test_a_server_does_not_start_on_a_malformed_file(variable, path, serve, tmp_path, iris):
    path.write_text("{}")
    server = serve(folder_environ(tmp_path / "store", iris) | {variable: str(path)})
    assert server.process.wait(20) == 2
    assert server.logged()[-1]["message"] == f"the keys in {path} are malformed: keys: Field required"
