from __future__ import annotations

import json

import yaml

from pulumi_mlops.aws import eks_kubeconfig

GIVEN = ("risk", "https://api.example", "LS0t", "eu-central-1")
ROLE = "arn:aws:iam::123456789012:role/deployer"


def test_the_user_asks_for_a_token_at_each_use_and_holds_none() -> None:
    document = yaml.safe_load(eks_kubeconfig.text(*GIVEN))
    assert document["users"] == [
        {
            "name": "risk",
            "user": {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1beta1",
                    "command": "aws",
                    "args": [
                        "--region",
                        "eu-central-1",
                        "eks",
                        "get-token",
                        "--cluster-name",
                        "risk",
                        "--output",
                        "json",
                    ],
                    "interactiveMode": "Never",
                    "installHint": "Install the AWS command line: it gives the tokens for this cluster.",
                }
            },
        }
    ]


def test_one_context_names_cluster_and_user() -> None:
    document = yaml.safe_load(eks_kubeconfig.text(*GIVEN))
    del document["users"]
    assert document == {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "risk",
                "cluster": {"server": "https://api.example", "certificate-authority-data": "LS0t"},
            }
        ],
        "contexts": [{"name": "risk", "context": {"cluster": "risk", "user": "risk"}}],
        "current-context": "risk",
    }


def test_a_role_is_asked_as_when_one_is_given() -> None:
    document = yaml.safe_load(eks_kubeconfig.text(*GIVEN, ROLE))
    assert document["users"][0]["user"]["exec"]["args"][-2:] == ["--role-arn", ROLE]


def test_it_is_the_same_bytes_from_run_to_run_however_long_the_certificate() -> None:
    long = "QUJD" * 500
    text = eks_kubeconfig.text("risk", "https://api.example", long, "eu-central-1")
    assert text == eks_kubeconfig.text("risk", "https://api.example", long, "eu-central-1")
    assert f"certificate-authority-data: {long}\n" in text
    assert "token" not in json.dumps(yaml.safe_load(text)).replace("get-token", "").replace("tokens", "")
