"""Versions of Kubernetes against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.aws import skew
from mlops_cli.aws.findings import Level

MINORS = st.integers(min_value=20, max_value=60)


def test_a_version_with_patch_and_suffix_has_the_same_minor() -> None:
    assert skew.minor("1.34") == skew.minor("v1.34.1-eks-113cf36") == 34


@pytest.mark.parametrize(
    ("wanted", "level", "told"),
    [
        (None, Level.OK, "1.33"),
        ("1.33", Level.OK, "1.33"),
        ("1.34", Level.OK, "1.33 runs, `mlops up` takes it to 1.34"),
        ("1.35", Level.FAIL, "1.33 runs, the settings say 1.35, and AWS goes up one minor version at a time"),
        ("1.32", Level.FAIL, "1.33 runs, the settings say 1.32, and AWS never goes down"),
    ],
)
def test_the_control_plane_goes_up_one_minor_version_at_a_time(
    wanted: str | None, level: Level, told: str
) -> None:
    finding = skew.control_plane("1.33", wanted)
    assert (finding.level, finding.text) == (level, told)


def test_what_to_set_instead_is_said() -> None:
    assert skew.control_plane("1.33", "1.36").remedy.startswith(
        "set mlops:cluster.version to 1.34, `mlops up`"
    )
    assert skew.control_plane("1.33", "1.30").remedy == "set mlops:cluster.version to 1.33"


@pytest.mark.parametrize(
    ("node", "wanted", "level", "told"),
    [
        ("1.33", None, Level.OK, "1.33"),
        ("1.32", None, Level.WARN, "1.32, behind the control plane's 1.33"),
        ("1.30", None, Level.WARN, "1.30, behind the control plane's 1.33"),
        ("1.30", "1.34", Level.FAIL, "1.30 is more than 3 minor versions behind 1.34"),
        ("1.29", None, Level.FAIL, "1.29 is more than 3 minor versions behind 1.33"),
        ("1.34", None, Level.FAIL, "1.34, newer than the control plane's 1.33"),
    ],
)
def test_nodes_are_never_newer_and_at_most_three_behind(
    node: str, wanted: str | None, level: Level, told: str
) -> None:
    (finding,) = skew.node_groups("1.33", wanted, {"system": node})
    assert (finding.level, finding.check, finding.text) == (level, "version of node group system", told)


@given(running=MINORS, node=MINORS, step=st.integers(min_value=0, max_value=1))
def test_no_update_is_let_through_that_leaves_a_node_outside_the_policy(
    running: int, node: int, step: int
) -> None:
    after = running + step
    (finding,) = skew.node_groups(f"1.{running}", f"1.{after}", {"system": f"1.{node}"})
    assert (finding.level is Level.FAIL) == (node > running or after - node > 3)


@pytest.mark.parametrize(
    ("compatible", "level", "remedy"),
    [
        (["v1.2", "v1.1"], Level.OK, ""),
        (["v1.3", "v1.2.9"], Level.FAIL, "set its version in the settings to v1.3"),
        ([], Level.FAIL, "remove it before the update"),
    ],
)
def test_an_add_on_must_be_made_for_the_version(compatible: list[str], level: Level, remedy: str) -> None:
    finding = skew.add_on("vpc-cni", "v1.2", "1.34", compatible)
    assert (finding.level, finding.check, finding.remedy) == (level, "add-on vpc-cni", remedy)


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("standard-support", Level.OK),
        ("STANDARD_SUPPORT", Level.OK),
        ("extended-support", Level.WARN),
        ("EXTENDED_SUPPORT", Level.WARN),
        ("UNSUPPORTED", Level.FAIL),
        (None, Level.FAIL),
    ],
)
def test_aws_says_whether_a_version_is_supported(status: str | None, level: Level) -> None:
    assert skew.support("1.30", status).level is level
