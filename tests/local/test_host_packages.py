from __future__ import annotations

from pathlib import Path

import pytest

from mlops_local import host_packages
from mlops_local.errors import PreflightError
from mlops_local.host_packages import HOST_PACKAGES, ensure, find_program, missing_packages, no_apt_message

FAKE_APT = """#!/bin/sh
echo "$@" >> {log}
case "$1" in install)
  for name in runc socat; do printf '#!/bin/sh\\n' > {bin}/$name; chmod +x {bin}/$name; done
  echo "Setting up runc (1.1.5) ..." ;;
esac
exit {code}
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which all but runc and socat stand, with an apt-get that brings these two."""
    folder = tmp_path / "bin"
    folder.mkdir()
    names = {Path(program).name for package in HOST_PACKAGES for program in package.programs}
    for name in names - {"runc", "socat"}:
        (folder / name).touch(mode=0o755)
    packages = tuple(
        host_packages.HostPackage(item.name, tuple(Path(program).name for program in item.programs), item.why)
        for item in HOST_PACKAGES
    )
    monkeypatch.setattr(host_packages, "HOST_PACKAGES", packages)
    monkeypatch.setattr(host_packages, "_SYSTEM_FOLDERS", "")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put_apt(folder: Path, code: int = 0) -> Path:
    """An apt-get that logs its arguments; returns the log."""
    log = folder.parent / "apt.log"
    (folder / "apt-get").write_text(FAKE_APT.format(log=log, bin=folder, code=code))
    (folder / "apt-get").chmod(0o755)
    for tool in ("printf", "chmod"):
        (folder / tool).symlink_to(f"/usr/bin/{tool}")
    return log


def test_a_program_on_path_counts_however_it_got_there() -> None:
    assert missing_packages(lambda program: f"/opt/{program}") == ()
    (missing,) = missing_packages(lambda program: None if program == "setsid" else program)
    assert missing.name == "util-linux"


def test_absolute_paths_are_looked_for_as_such(tmp_path: Path) -> None:
    (tmp_path / "bridge").touch(mode=0o755)
    assert find_program(str(tmp_path / "bridge")) == str(tmp_path / "bridge")
    assert find_program(str(tmp_path / "absent")) is None


def test_what_is_missing_is_announced_and_installed_without_questions(machine: Path) -> None:
    log, lines = put_apt(machine), list[str]()
    assert ensure(lines.append) == ("runc", "socat")
    assert log.read_text().splitlines() == [
        "update --quiet",
        "install --yes --quiet --no-install-recommends runc socat",
    ]
    assert lines == [
        "Will install runc: runs containers",
        "Will install socat: forwards ports on 127.0.0.1",
        "Reading Debian's package lists",
        "Installing runc, socat",
        "Setting up runc (1.1.5)",
    ]


def test_apt_is_not_asked_when_all_is_there(machine: Path) -> None:
    log = put_apt(machine)
    for name in ("runc", "socat"):
        (machine / name).touch(mode=0o755)
    assert ensure(pytest.fail) == ()
    assert not log.exists()


def test_a_failing_apt_shows_its_last_lines(machine: Path) -> None:
    put_apt(machine, code=100)
    with pytest.raises(PreflightError, match="`apt-get update --quiet` failed; mend this"):
        ensure(print)


def test_without_apt_every_program_is_listed(machine: Path) -> None:
    with pytest.raises(PreflightError) as refusal:
        ensure(pytest.fail)
    assert str(refusal.value) == (
        "these programs are missing and there is no apt-get; install them yourself:\n"
        "  runc  (Debian: runc; runs containers)\n"
        "  socat  (Debian: socat; forwards ports on 127.0.0.1)"
    )
    assert no_apt_message(()) == "these programs are missing and there is no apt-get; install them yourself:"
