from __future__ import annotations

from typing import Any

import pytest

from mlops_stacks.errors import SettingsError
from mlops_stacks.platform_args import platform_args
from mlops_stacks.settings import SECRET_NAMES, load
from stack_settings import CLUSTER, IMAGES, problem

ENDPOINT = {"name": "mortgage", "model": "mortgage"}
PIPELINE = {"name": "mortgage-approval", "model": "mortgage", "endpoint": "mortgage"}
RETRAIN = {"alert": "MlopsInputDrift", "action": "retrain"}
ROLLBACK = {"alert": "MlopsErrorBudgetBurnsFast", "action": "rollback", "endpoint": "mortgage"}


def settings(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "cluster": CLUSTER,
        "monitoring": {"mode": "run"},
        "remediation": {"rules": list(rules)},
        "pipelines": [PIPELINE],
        "endpoints": [ENDPOINT],
        "images": IMAGES,
        "secrets": dict.fromkeys(SECRET_NAMES, "a-secret"),
        **more,
    }


def test_settings_become_the_platforms_arguments_and_a_dry_run_is_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mlops_stacks.platform_args.kubeconfig.read", lambda *_: "kubeconfig")
    found = platform_args(load(settings(RETRAIN, {**ROLLBACK, "cooldown": "90m", "within": "2h"})))
    assert found["remediation"] == {
        "dry_run": True,
        "max_actions_per_hour": 4,
        "rules": [
            {**RETRAIN, "cooldown_seconds": 3600},
            {**ROLLBACK, "cooldown_seconds": 5400, "within_seconds": 7200},
        ],
    }
    assert found["secrets"]["remediation_token"] == "a-secret"
    changed = settings(
        remediation={"dryRun": False, "maxActionsPerHour": 1, "rules": [RETRAIN]},
        monitoring={"mode": "run", "apiServerCidrs": ["10.0.0.0/28"]},
    )
    in_earnest = platform_args(load(changed))["remediation"]
    assert (in_earnest["dry_run"], in_earnest["max_actions_per_hour"]) == (False, 1)


def test_on_the_local_node_whose_api_server_is_known_it_may_act() -> None:
    values = settings(remediation={"dryRun": False, "rules": [RETRAIN]}, cluster={"maker": "local-node"})
    assert load(values).remediation is not None


def test_without_the_key_nothing_is_done_about_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_stacks.platform_args.kubeconfig.read", lambda *_: "kubeconfig")
    values = settings()
    del values["remediation"]
    assert "remediation" not in platform_args(load(values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            settings({**RETRAIN, "action": "reboot"}),
            "mlops:remediation.rules[0].action: 'reboot' is no action; allowed are retrain and rollback",
        ),
        (
            settings({**RETRAIN, "alert": "MlopsInputDrifts"}),
            "mlops:remediation.rules[0].alert: 'MlopsInputDrifts' is no alert about an endpoint "
            "(did you mean MlopsInputDrift?); allowed are MlopsCandidateFails, ",
        ),
        (
            settings({**RETRAIN, "cooldown": "59s"}),
            "mlops:remediation.rules[0].cooldown: 59 s is too short a cooldown; allowed are 60 s and more",
        ),
        (
            settings({**RETRAIN, "within": "2h"}),
            "mlops:remediation.rules[0].within: only a rollback looks at the age of a release; leave it out",
        ),
        (
            settings({**RETRAIN, "cooldwn": "2h"}),
            "mlops:remediation.rules[0].cooldwn: unknown key (did you mean cooldown?)",
        ),
        (
            settings(RETRAIN, remediation={"dryrun": False, "rules": [RETRAIN]}),
            "mlops:remediation.dryrun: unknown key (did you mean dryRun?)",
        ),
        (
            settings(remediation={"dryRun": False, "rules": [RETRAIN]}),
            "mlops:remediation.dryRun: false lets alerts act, and every pod could send one to Alertmanager; "
            "give mlops:monitoring.apiServerCidrs the addresses that the API server's requests come from, or "
            "leave dryRun out",
        ),
        (settings(), "mlops:remediation.rules: nothing would ever be done"),
        (
            settings(RETRAIN, pipelines=[]),
            "mlops:remediation.rules[0].action: endpoint mortgage has no pipeline",
        ),
        (
            settings({**RETRAIN, "endpoint": "morgage"}),
            "mlops:remediation.rules[0].endpoint: there is no endpoint 'morgage'; allowed are mortgage",
        ),
        (
            settings(ROLLBACK, endpoints=[{**ENDPOINT, "version": "7"}]),
            "mlops:remediation.rules[0].action: endpoint mortgage is pinned to a version",
        ),
        (
            settings(RETRAIN, monitoring={"mode": "none"}),
            "mlops:remediation: nobody would tell it of alerts; set mlops:monitoring.mode to run",
        ),
        (
            settings(
                RETRAIN,
                monitoring={
                    "mode": "run",
                    "receivers": [{"name": "remediation", "kind": "webhook", "url": "https://a.example.org"}],
                },
            ),
            "mlops:monitoring.receivers[0].name: remediation is the receiver that mlops:remediation adds",
        ),
    ],
)
def test_what_could_not_be_followed_is_refused_with_its_path(values: dict[str, Any], message: str) -> None:
    assert problem(values).startswith(message)


def test_a_stack_without_the_token_runs_unless_it_acts_on_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_stacks.platform_args.kubeconfig.read", lambda *_: "kubeconfig")
    values = settings(RETRAIN)
    del values["secrets"]["remediationToken"]
    with pytest.raises(SettingsError) as caught:
        platform_args(load(values))
    assert str(caught.value) == (
        "mlops:secrets.remediationToken: needed where mlops:remediation is set; `mlops up` makes it. By "
        "hand, give one with `pulumi config set --path --secret mlops:secrets.remediationToken`"
    )
    del values["remediation"]
    assert "remediation_token" not in platform_args(load(values))["secrets"]
