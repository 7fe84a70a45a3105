"""Images on their way to ECR: by digest, once their repositories are there, with credentials that go."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aws_account import ACCOUNT, account
from mlops_cli.aws.access import Account
from mlops_cli.aws.errors import AwsRefused
from mlops_cli.aws.images import Patience, address, push_all, snippet

HOST = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST = "sha256:" + "a" * 64
SKOPEO = """#!/bin/sh
for argument in "$@"; do
    case "$argument" in --dest-authfile=*) file="${argument#--dest-authfile=}" ;; esac
done
stat -c %a "$file" > "$SEEN/mode"
cp "$file" "$SEEN/auth.json"
echo "$file" > "$SEEN/file"
echo "$@" >> "$SEEN/calls"
"""


@pytest.fixture
def aws() -> Iterator[Account]:
    with account() as found:
        yield found


@pytest.fixture
def layouts(tmp_path: Path) -> dict[str, Path]:
    """Two images, of which only the digest matters."""
    made = {}
    for name in ("mlflow", "serving"):
        folder = tmp_path / "cache" / "images" / f"{name}-0123"
        folder.mkdir(parents=True)
        (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": DIGEST}]}))
        made[name] = folder
    return made


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stand-in of skopeo notes what it was given."""
    folder = tmp_path / "seen"
    folder.mkdir()
    program = tmp_path / "bin" / "skopeo"
    program.parent.mkdir()
    program.write_text(SKOPEO)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SEEN", str(folder))
    return folder


def making(aws: Account, *names: str) -> Callable[[float], None]:
    """A pause in which the stack makes one repository after the other."""
    waiting = list(names)

    def pause(seconds: float) -> None:
        aws.client("ecr").create_repository(repositoryName=waiting.pop(0))

    return pause


def test_the_settings_name_each_image_by_its_digest(layouts: dict[str, Path]) -> None:
    assert snippet(layouts) == f"mlops:images:\n  mlflow: {DIGEST}\n  serving: {DIGEST}\n"


def test_the_registry_is_the_environments_own_or_the_adopted_one(aws: Account) -> None:
    assert address(aws, "dev", None) == f"{HOST}/mlops-dev"
    assert address(aws, "dev", f"{HOST}/company") == f"{HOST}/company"


def test_images_are_pushed_once_their_repositories_are_there(
    aws: Account, layouts: dict[str, Path], seen: Path
) -> None:
    lines: list[str] = []
    pause = making(aws, "mlops-dev/mlflow", "mlops-dev/serving")
    references = push_all(aws, f"{HOST}/mlops-dev", layouts, lines.append, pause=pause)
    assert references == {name: f"{HOST}/mlops-dev/{name}@{DIGEST}" for name in layouts}
    assert lines[0] == "waiting for 2 repositories, such as mlops-dev/mlflow"
    assert sorted(lines[1:]) == ["pushing image mlflow", "pushing image serving"]
    targets = {line.split()[-1] for line in (seen / "calls").read_text().splitlines()}
    assert targets == {f"docker://{HOST}/mlops-dev/{name}:0123" for name in layouts}


def test_credentials_are_in_a_file_for_the_owner_alone_which_is_gone_afterwards(
    aws: Account, layouts: dict[str, Path], seen: Path
) -> None:
    for name in layouts:
        aws.client("ecr").create_repository(repositoryName=f"mlops-dev/{name}")
    push_all(aws, f"{HOST}/mlops-dev", layouts, [].append)
    assert (seen / "mode").read_text() == "600\n"
    auths = json.loads((seen / "auth.json").read_text())["auths"]
    assert list(auths) == [HOST]
    assert base64.b64decode(auths[HOST]["auth"]).startswith(b"AWS:")
    assert not Path((seen / "file").read_text().strip()).exists()


def test_repositories_that_do_not_come_are_named_with_what_makes_them(
    aws: Account, layouts: dict[str, Path]
) -> None:
    pauses: list[float] = []
    with pytest.raises(AwsRefused) as refused:
        push_all(
            aws,
            f"{HOST}/mlops-dev",
            layouts,
            [].append,
            patience=Patience(longest=30, between=10),
            pause=pauses.append,
        )
    assert pauses == [10, 10, 10]
    assert str(refused.value) == (
        "ECR has no repository mlops-dev/mlflow after 30 s; the stack makes it: run `pulumi up` or "
        "`mlops up` at the same time, or make it by hand where the registry is adopted"
    )
