from __future__ import annotations

import pulumi
import pytest

from pulumi_mlops.aws import sources


def test_arguments_of_the_own_way_pass_and_so_do_those_that_are_not_given() -> None:
    sources.refuse_mixture({"arn": "a", "purpose": None}, adopts=True, adopt=["arn"], create=["purpose"])
    sources.refuse_mixture({"purpose": "p"}, adopts=False, adopt=["arn"], create=["purpose"])


@pytest.mark.parametrize(
    ("adopts", "path", "reason"),
    [
        (
            True,
            "purpose",
            "source is adopt, and this argument is there to create; leave it out, or set source to create",
        ),
        (
            False,
            "arn",
            "source is create, and this argument is there to adopt; leave it out, or set source to adopt",
        ),
    ],
)
def test_an_argument_of_the_other_way_is_refused_with_what_to_do(
    adopts: bool, path: str, reason: str
) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        sources.refuse_mixture({"arn": "a", "purpose": "p"}, adopts=adopts, adopt=["arn"], create=["purpose"])
    assert (refused.value.property_path, refused.value.reason) == (path, reason)
