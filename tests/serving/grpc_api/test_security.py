"""Keys and TLS hold for the gRPC port as they do for REST."""

from __future__ import annotations

import json
import ssl

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton
import trustme
from tritonclient.utils import InferenceServerException

from mlops_serving.access import new_key
from serving_folder import folder_environ
from serving_grpc import OWN_CONNECTION
from serving_process import free_port

KEY, OTHER = new_key(), new_key()


def rows():
    tensor = triton.InferInput("X", [1, 4], "FP32")
    return [tensor.set_data_from_numpy(np.array([[5.1, 3.5, 1.4, 0.2]], np.float32))]


@pytest.fixture
def guarded(serve, tmp_path, iris):
    keys = [
        {"id": "shop", "sha256": KEY.sha256, "models": ["iris"]},
        {"id": "bank", "sha256": OTHER.sha256, "models": ["mortgage"]},
    ]
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": keys}))
    port = str(free_port())
    settings = {"MLOPS_GRPC_PORT": port, "MLOPS_ACCESS_KEYS_FILE": str(file)}
    serve(folder_environ(tmp_path / "store", iris) | settings).wait_ready()
    return f"localhost:{port}"


@pytest.mark.parametrize(
    "ask",
    [
        lambda client, headers: client.infer("iris", rows(), headers=headers),
        lambda client, headers: client.get_model_metadata("iris", headers=headers),
        lambda client, headers: client.is_model_ready("iris", headers=headers),
    ],
    ids=["infer", "metadata", "ready"],
)
def test_a_model_is_for_those_with_a_key_for_it(guarded, ask):
    with triton.InferenceServerClient(guarded, channel_args=OWN_CONNECTION) as client:
        assert client.is_server_ready()
        assert ask(client, {"authorization": f"Bearer {KEY.key}"})
        assert ask(client, {"api-key": KEY.key})
        for headers, status in (({}, "UNAUTHENTICATED"), ({"api-key": OTHER.key}, "PERMISSION_DENIED")):
            with pytest.raises(InferenceServerException) as refused:
                ask(client, headers)
            assert refused.value.status() == f"StatusCode.{status}"


def test_every_message_of_a_stream_needs_the_key(guarded):
    for headers, answered in (({}, False), ({"api-key": KEY.key}, True)):
        got = []
        with triton.InferenceServerClient(guarded, channel_args=OWN_CONNECTION) as client:
            client.start_stream(lambda result, error, got=got: got.append((result, error)), headers=headers)
            client.async_stream_infer("iris", rows())
            client.stop_stream()
        ((result, error),) = got
        assert (result is not None, error is None) == (answered, answered)


def mount(folder, made):
    folder.mkdir(exist_ok=True)
    made.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    made.private_key_pem.write_to_path(folder / "tls.key")
    return ssl.PEM_cert_to_DER_cert(made.cert_chain_pems[0].bytes().decode())


def shown(address):
    """The certificate that a new connection is shown."""
    host, port = address.split(":")
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, int(port)), timeout=10))


def test_with_a_certificate_it_speaks_tls_only_and_takes_over_a_new_one(serve, iris, tmp_path, wait_until):
    authority, folder = trustme.CA(), tmp_path / "tls"
    first = mount(folder, authority.issue_cert("localhost"))
    port = str(free_port())
    server = serve(
        folder_environ(tmp_path / "store", iris)
        | {
            "MLOPS_GRPC_PORT": port,
            "MLOPS_TLS_CERT_FILE": f"{folder}/tls.crt",
            "MLOPS_TLS_KEY_FILE": f"{folder}/tls.key",
        }
    )
    server.tls = ssl.create_default_context()
    authority.configure_trust(server.tls)
    server.wait_ready()
    address = f"localhost:{port}"
    assert shown(address) == first
    trusted = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
    with triton.InferenceServerClient(
        address, ssl=True, creds=trusted, channel_args=OWN_CONNECTION
    ) as client:
        assert client.infer("iris", rows()).as_numpy("label").shape == (1,)
        second = mount(folder, authority.issue_cert("localhost"))
        assert shown(address) == second
        (folder / "tls.key").write_text("nonsense")
        assert shown(address) == second
        counted = 'mlops_reloads_total{file="grpc_tls",result="%s"}'
        wait_until(lambda: server.metric(counted % "refused") == 1)
        assert server.metric(counted % "done") == 1
        assert client.infer("iris", rows()).as_numpy("label").shape == (1,)
    with (
        triton.InferenceServerClient(address, channel_args=OWN_CONNECTION) as plain,
        pytest.raises(InferenceServerException),
    ):
        plain.is_server_live()
