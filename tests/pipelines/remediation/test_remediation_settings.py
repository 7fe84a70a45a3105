from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_pipelines.errors import SettingsError
from mlops_pipelines.remediation.settings import remediation_settings
from remediation_stories import TOKEN, policy, rule

RULES: dict[str, Any] = {
    "rules": [{"alert": "MlopsInputDrift", "action": "retrain"}],
    "endpoints": ["mortgage"],
}
ENVIRON = {
    "MLOPS_REMEDIATION": json.dumps(RULES),
    "MLOPS_REMEDIATION_TOKEN": TOKEN,
    "MLOPS_STORE_URL": "http://store:7070",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "a-secret-key",
}


def test_what_is_not_given_is_a_dry_run_with_few_actions_and_an_hour_between() -> None:
    settings = remediation_settings({**ENVIRON, "PATH": "/bin"})
    assert settings.policy.dry_run is True
    assert settings.policy.max_actions_per_hour == 4
    assert settings.policy.rules[0].cooldown_seconds == 3600
    assert settings.kubernetes.url == "https://kubernetes.default.svc"
    assert settings.port == 8080
    assert settings.store.timeout_seconds == 10
    assert TOKEN not in repr(settings)


def test_a_rule_that_names_the_endpoint_comes_before_one_for_all() -> None:
    wanted = policy(rule(), rule(endpoint="mortgage", cooldown_seconds=60), endpoints=("mortgage", "other"))
    assert wanted.rule_for("MlopsInputDrift", "mortgage") == wanted.rules[1]
    assert wanted.rule_for("MlopsInputDrift", "other") == wanted.rules[0]
    assert wanted.rule_for("MlopsInputDrift", "unknown") is None
    assert wanted.rule_for("MlopsDataQuality", "mortgage") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MLOPS_REMEDIATION": ""}, "MLOPS_REMEDIATION is not set"),
        ({"MLOPS_REMEDIATION": "{"}, "wrong at the whole"),
        ({"MLOPS_REMEDIATION": json.dumps({**RULES, "dryRun": False})}, "wrong at dryRun"),
        ({"MLOPS_REMEDIATION": json.dumps({**RULES, "rules": []})}, "wrong at rules"),
        (
            {"MLOPS_REMEDIATION": json.dumps({**RULES, "rules": [{"alert": "A", "action": "reboot"}]})},
            "wrong at rules.0.action: Input should be 'retrain' or 'rollback'",
        ),
        ({"MLOPS_REMEDIATION_TOKEN": "short"}, "MLOPS_REMEDIATION_TOKEN is too short"),
        ({"MLOPS_REMEDIATION_PORT": "http"}, "MLOPS_REMEDIATION_PORT is 'http'"),
        ({"MLOPS_REMEDIATION_TOKNE": "x"}, "MLOPS_REMEDIATION_TOKNE is not a setting"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        remediation_settings({**ENVIRON, **changes})
    assert message in str(caught.value)
    assert "short" not in str(caught.value).replace("too short", "")
