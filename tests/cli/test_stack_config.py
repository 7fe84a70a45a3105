from __future__ import annotations

import re
import stat
from pathlib import Path

import yaml

from mlops_cli import stack_config
from mlops_stacks.settings import SECRET_NAMES

PREVIOUS = {
    "encryptionsalt": "v1:salt",
    "config": {
        "mlops:secrets": {"databasePassword": {"secure": "v1:x"}},
        "mlops:images": {"serving": "old"},
        "mlops:endpoints": [{"name": "removed by a person since"}],
    },
}


def test_what_people_wrote_replaces_the_old_copy_and_generated_values_stay() -> None:
    document = stack_config.compose(
        {"mlops:database": {"size": "5Gi"}}, PREVIOUS, {"mlops:images": {"serving": "new"}}
    )
    assert document == {
        "encryptionsalt": "v1:salt",
        "config": {
            "mlops:secrets": {"databasePassword": {"secure": "v1:x"}},
            "mlops:images": {"serving": "new"},
            "mlops:database": {"size": "5Gi"},
        },
    }


def test_a_value_given_by_a_person_wins_over_a_generated_one() -> None:
    document = stack_config.compose(
        {"mlops:images": {"serving": "theirs"}}, {}, {"mlops:images": {"serving": "ours"}}
    )
    assert document["config"]["mlops:images"] == {"serving": "theirs"}


def test_secrets_that_a_person_gives_replace_theirs_alone_and_generated_ones_stay() -> None:
    theirs = {"secure": "v1:theirs"}
    document = stack_config.compose(
        {"mlops:secrets": {"remediationToken": theirs}},
        PREVIOUS,
        {"mlops:secrets": {"objectStoreRootKeyId": {"secure": "v1:new"}}},
    )
    assert document["config"]["mlops:secrets"] == {
        "databasePassword": {"secure": "v1:x"},
        "objectStoreRootKeyId": {"secure": "v1:new"},
        "remediationToken": theirs,
    }


def test_a_section_of_secrets_that_is_encrypted_as_a_whole_stays_as_it_is() -> None:
    whole = {"secure": "v1:whole"}
    document = stack_config.compose({"mlops:secrets": whole}, PREVIOUS, {})
    assert document["config"]["mlops:secrets"] == whole


def test_only_secrets_without_a_value_are_missing() -> None:
    assert stack_config.missing_secrets({}) == list(SECRET_NAMES)
    assert stack_config.missing_secrets(PREVIOUS) == [
        name for name in SECRET_NAMES if name != "databasePassword"
    ]


def test_the_written_file_reads_back_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.local.yaml"
    stack_config.write(file, PREVIOUS)
    assert stack_config.read(file) == yaml.safe_load(file.read_text()) == PREVIOUS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["Pulumi.local.yaml"]


def test_a_generated_secret_can_be_typed_unquoted_in_a_command_or_an_address() -> None:
    secrets = {stack_config.new_secret() for _ in range(1000)}
    assert len(secrets) == 1000
    assert all(re.fullmatch("[0-9a-z]{32}", secret) for secret in secrets)
