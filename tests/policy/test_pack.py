"""The pack as the real engine runs it: what it stops, what it says, what configures it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_program import PulumiProgram, written

pytestmark = pytest.mark.timeout(600)

PROGRAM = """
import asyncio

import pulumi
from pulumi.runtime import rpc

config = pulumi.Config()


class Shelf(pulumi.ComponentResource):
    def __init__(self, name, props):
        super().__init__("team:index:Shelf", name, props, None)


async def told(value):
    return value


made = {"safe": True, "boards": [{"wood": "oak"}]}
if config.get_bool("open"):
    made["safe"] = False
if config.get_bool("unknown"):
    late = pulumi.Output(set(), told("oak"), told(not pulumi.runtime.is_dry_run()))
    made["boards"] = [{"wood": late}, {"wood": config.require("wood")}]
Shelf("shelf", made)
"""
PACK = """
from mlops_policy import serve
from mlops_policy.building import field
from mlops_policy.rules import Rule, RuleConfig, Severity
from mlops_policy.wanted import YES, equal


class Wood(RuleConfig):
    wood: str = "oak"


def boards(resource):
    return resource.view.at("boards").items()


def of_wood(subject, stack, config):
    found = subject.view.at("wood").text()
    if found != config.wood:
        yield f"{subject.view.path} is of {found}"


def broken(subject, stack, config):
    if subject.view.at("safe").true() is False:
        raise ZeroDivisionError("nobody thought of this")
    yield from ()


SHELF = ("team:index:Shelf",)
serve(
    [
        field("shelf-safe", "A shelf is safe.", SHELF, "safe", YES, fix=True),
        Rule(name="shelf-wood", says="A board is of one wood.", remedy="Buy another board.",
             severity=Severity.LOW, kinds=SHELF, parts=boards, judge=of_wood, config=Wood),
        Rule(name="shelf-faulty", says="It works.", remedy="None.", severity=Severity.LOW, kinds=SHELF,
             judge=broken),
    ],
    "house",
)
"""
URN = "urn:pulumi:tried::tried::team:index:Shelf::shelf"
TODAY = datetime.datetime.now(datetime.UTC).date()
FAULTY_OFF = {"shelf-faulty": "disabled"}
Preview = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def program(binaries: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> PulumiProgram:
    folder = tmp_path_factory.mktemp("house")
    made = PulumiProgram(folder, binaries("pulumi").parent.parent, PROGRAM)
    written(folder / "pack", "PulumiPolicy.yaml", {"runtime": "python", "version": "1.0.0"}, PACK)
    return made


@pytest.fixture
def preview(program: PulumiProgram, tmp_path: Path) -> Preview:
    """Previews by the pack: its exit code, and the report on policies in what it prints."""

    def run(
        config: dict[str, Any], pack_config: dict[str, Any] | None = None, command: str = "preview"
    ) -> tuple[int, str]:
        program.configure(config)
        file = tmp_path / "pack.json"
        file.write_text(json.dumps({**FAULTY_OFF, **(pack_config or {})}))
        pack = ["--policy-pack", str(program.workspace / "pack"), "--policy-pack-config", str(file)]
        done = program(command, *pack, *(["--yes", "--skip-preview"] if command == "up" else []))
        return done.returncode, done.stdout + done.stderr

    return run


def exemption(**changes: Any) -> dict[str, Any]:
    whole = {"urn": "*::shelf", "reason": "an antique", "approver": "the owner", "expires": str(TODAY)}
    return {"mlops:policy": {"shelf-safe": {"exemptions": [{**whole, **changes}]}}}


def test_what_meets_every_rule_passes(preview: Preview) -> None:
    code, said = preview({})
    assert code == 0, said
    assert "- [" not in said


def test_a_violation_stops_the_preview_and_names_field_resource_and_remedy(preview: Preview) -> None:
    code, said = preview({"tried:open": "true"})
    assert code != 0
    report = said[said.index("- [mandatory]") : said.index("\n\n", said.index("- [mandatory]"))]
    assert [line.strip() for line in report.splitlines()] == [
        "- [mandatory] [severity: high]  shelf-safe  (team:index:Shelf: shelf)",
        "A shelf is safe.",
        "safe is False and must be true",
        "Set safe to true.",
    ]


def test_an_exemption_in_the_stacks_configuration_lasts_through_its_last_day(preview: Preview) -> None:
    code, said = preview({"tried:open": "true", **exemption(expires=TODAY)})
    assert (code, "- [" in said) == (0, False), said


def test_an_exemption_past_its_day_is_a_violation_even_where_nothing_is_wrong(preview: Preview) -> None:
    past = str(TODAY - datetime.timedelta(days=1))
    code, said = preview(exemption(expires=past))
    assert code != 0
    assert "[mandatory]  exemption-expired" in said
    assert f"the exemption of shelf-safe for *::shelf ended on {past}" in said
    code, said = preview({"tried:open": "true", **exemption(expires=past)})
    assert (code != 0, "shelf-safe  (team:index:Shelf: shelf)" in said) == (True, True)


def test_an_exemption_that_hides_nothing_is_a_warning(preview: Preview) -> None:
    code, said = preview(exemption())
    assert code == 0
    assert "[advisory]  exemption-unused" in said
    assert "the exemption of shelf-safe for *::shelf hides nothing: remove it" in said


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"approver": ""}, "exemptions.0.approver: String should have at least 1 character"),
        ({"expires": "soon"}, "exemptions.0.expires: Input should be a valid date or datetime"),
    ],
)
def test_an_exemption_that_says_too_little_is_refused_with_its_key(
    preview: Preview, changes: dict[str, str], complaint: str
) -> None:
    code, said = preview(exemption(**changes))
    assert code != 0
    assert "configuration of the policy shelf-safe" in said
    assert complaint in said


def test_what_is_not_known_of_one_board_hides_no_other_and_the_update_decides(preview: Preview) -> None:
    late = {"tried:unknown": "true", "tried:wood": "pine"}
    code, said = preview(late)
    assert code != 0
    assert "boards[1] is of pine" in said
    assert "[advisory] [severity: low]  shelf-wood" in said
    assert "boards[0].wood is not known yet; the update decides" in said
    code, said = preview({**late, "tried:wood": "oak"})
    assert code == 0, said
    code, said = preview({**late, "tried:wood": "oak"}, {"shelf-wood": {"wood": "pine"}}, "up")
    assert code != 0
    assert "boards[0] is of oak" in said


def test_configuration_of_the_pack_goes_before_that_of_the_stack(preview: Preview) -> None:
    stack = {"mlops:policy": {"shelf-wood": {"wood": "pine"}}}
    code, said = preview(stack)
    assert (code != 0, "boards[0] is of oak" in said) == (True, True)
    code, said = preview(stack, {"shelf-wood": {"wood": "oak"}})
    assert code == 0, said
    code, said = preview(stack, {"shelf-wood": "advisory"})
    assert (code, "[advisory]" in said) == (0, True)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"shelf-wood": {"wood": 7}}, "shelf-wood"),
        ({"shelf-wood": {"metal": "steel"}}, "metal"),
        ({"shelf-would": {"wood": "oak"}}, 'configuring policy pack "house"'),
    ],
)
def test_configuration_that_no_rule_takes_stops_the_preview(
    preview: Preview, given: dict[str, Any], complaint: str
) -> None:
    code, said = preview({}, given)
    assert code != 0
    assert complaint in said


def test_a_rule_that_fails_itself_is_named_and_nothing_passes(preview: Preview) -> None:
    code, said = preview({"tried:open": "true"}, {"shelf-faulty": "advisory", "shelf-safe": "disabled"})
    assert code != 0
    assert "the policy 'shelf-faulty' itself failed on " + URN in said
    assert "ZeroDivisionError: nobody thought of this" in said


def test_a_rule_may_mend_what_it_finds(preview: Preview, program: PulumiProgram) -> None:
    code, said = preview({"tried:open": "true"}, {"shelf-safe": "remediate"}, "up")
    assert code == 0, said
    assert "shelf-safe" in said
    exported = json.loads(program("stack", "export").stdout)["deployment"]["resources"]
    (shelf,) = [each for each in exported if each["urn"] == URN]
    assert shelf["inputs"]["safe"] is True


def test_an_engine_without_a_python_host_says_what_it_lacks(program: PulumiProgram, tmp_path: Path) -> None:
    stranger = written(tmp_path / "pack", "PulumiPolicy.yaml", {"runtime": "nodejs"}, "")
    done = program("preview", "--policy-pack", str(stranger))
    assert done.returncode != 0
    assert "no analyzer plugin 'pulumi-analyzer-policy-nodejs' found" in done.stdout + done.stderr
