"""`mlops preview`, `up` and `down` of an environment on AWS, from nothing to nothing, on the real engine.

Each step is run once, in order, and judged by tests of its own.  What the program registers is made by a
plugin that creates anything; what asks AWS itself asks moto.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from aws_account import CREDENTIALS, REGION
from aws_checkout import GROUND, HURRIED, Checkout, Done, with_images
from mlops_stacks.settings import SECRETS_ON_AWS

pytestmark = pytest.mark.timeout(1500)
SOME = 20
"""Resources after which the first update is interrupted."""
TAGS = [{"Key": "mlops:environment", "Value": "dev"}]


@dataclass
class Story:
    """What each step said, and what the state held after it."""

    steps: dict[str, Done] = field(default_factory=dict)
    held: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    file: str = ""
    bucket: str = "mlops-dev-forgotten"


@pytest.fixture(scope="module")
def story(binaries: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    binaries("pulumi")
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), f"http://{host}:{port}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        s3 = boto3.client("s3", region_name=REGION, endpoint_url=checkout.address)
        yield _told(checkout, s3)
    server.stop()


def _told(checkout: Checkout, s3: Any) -> Story:
    story = Story()

    def step(name: str, done: Done) -> None:
        story.steps[name] = done
        story.held[name] = checkout.resources("dev")

    checkout.lay("dev", GROUND)
    checkout.init("dev")
    step("preview", checkout.mlops("preview", "dev"))
    step("no images", checkout.mlops("up", "dev"))
    file = checkout.lay("dev", with_images({}))
    step("interrupted", _interrupted(checkout))
    story.file = file.read_text()
    step("again", checkout.mlops("up", "dev"))
    step("nothing new", checkout.mlops("up", "dev"))
    step("asked", checkout.mlops("down", "dev"))
    s3.create_bucket(Bucket=story.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_tagging(Bucket=story.bucket, Tagging={"TagSet": TAGS})
    step("left behind", checkout.mlops("down", "dev", "--yes", code=HURRIED))
    s3.delete_bucket(Bucket=story.bucket)
    step("gone", checkout.mlops("down", "dev", "--yes"))
    return story


def _interrupted(checkout: Checkout) -> Done:
    """An update that gets Ctrl-C once some resources are made."""
    made, said = 0, list[str]()
    with checkout.start("up", "dev") as running:
        assert running.stdout is not None
        for line in running.stdout:
            said.append(line)
            made += line.startswith("  created ")
            if made == SOME:
                os.killpg(running.pid, signal.SIGINT)
                break
        said += running.stdout.readlines()
        return Done(running.wait(60), "".join(said), "")


def names(resources: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """(kind, name) of what a state holds, as the command's lines have them."""
    return {(each["type"].rpartition(":")[2], each["urn"].rpartition("::")[2]) for each in resources}


def identities(resources: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """(URN, id) of what a state holds; an update writes the order and the times of a state anew."""
    return {(each["urn"], each.get("id", "")) for each in resources}


def told(verb: str, done: Done) -> list[tuple[str, str]]:
    """(kind, name) of what a command said it had `created` or `deleted`."""
    return re.findall(rf"^  {verb} (\w+) (\S+) \(", done.out, re.MULTILINE)


def test_a_preview_shows_the_cost_and_then_what_would_be_made_and_makes_nothing(story: Story) -> None:
    done = story.steps["preview"]
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^  total +442\.64 +2,063\.49$", done.out, re.MULTILINE)
    assert done.out.index("Assumed on use:") < done.out.index("Previewing update (dev)")
    assert re.search(r"^Resources:\n    \+ [0-9]+ to create\n", done.out, re.MULTILINE)
    assert story.held["preview"] == []


def test_an_update_without_images_says_which_command_names_them(story: Story) -> None:
    done = story.steps["no images"]
    assert done.code == 20
    assert done.err == (
        "error: mlops:images: nothing was given. `mlops images dev` builds them and prints the lines for "
        "stacks/Pulumi.dev.yaml; `mlops preview dev` needs none\n"
    )
    assert story.held["no images"] == []


def test_the_first_update_makes_the_secrets_encrypted_in_the_file(story: Story) -> None:
    secrets = yaml.safe_load(story.file)["config"]["mlops:secrets"]
    needed = {name for name in SECRETS_ON_AWS if name in secrets}
    assert "modelRegistryAdminPassword" in needed
    assert {tuple(value) for value in secrets.values()} == {("secure",)}
    made = re.findall(
        r"^made mlops:secrets\.(\w+), encrypted in ", story.steps["interrupted"].out, re.MULTILINE
    )
    assert set(made) == set(secrets)


def test_an_interrupted_update_keeps_what_it_made(story: Story) -> None:
    done = story.steps["interrupted"]
    assert done.code == 130
    assert "pulumi up: interrupted; run the same command again, it goes on from here" in done.out.splitlines()
    made = told("created", done)
    assert len(made) >= SOME
    assert set(made) <= names(story.held["interrupted"])


def test_the_same_command_goes_on_from_there(story: Story) -> None:
    done = story.steps["again"]
    assert (done.code, done.err) == (0, "")
    made = told("created", done)
    before, after = names(story.held["interrupted"]), names(story.held["again"])
    assert before < after
    assert not before & set(made)
    assert set(made) <= after
    changed, took = done.out.splitlines()[-2:]
    assert changed == f"  {len(made)} resources changed"
    assert took.startswith("pulumi up: ")


def test_a_second_update_changes_nothing(story: Story) -> None:
    done = story.steps["nothing new"]
    assert (done.code, done.err) == (0, "")
    assert "  no change" in done.out.splitlines()
    assert identities(story.held["nothing new"]) == identities(story.held["again"])


def test_a_destroy_asks_before_it_deletes(story: Story) -> None:
    done = story.steps["asked"]
    assert done.code == 23
    assert done.err == (
        "error: this deletes the above of account 123456789012 in eu-central-1 and cannot be undone; nothing "
        "was deleted.\nRepeat as `mlops down dev --yes`.\n"
    )
    assert story.held["asked"] == story.held["nothing new"]


def test_a_destroy_takes_nodes_before_who_made_them_and_the_network_last(story: Story) -> None:
    done = story.steps["left behind"]
    gone = [name for _, name in told("deleted", done)]
    order = [
        "mlops-mortgage-endpoint-server",
        "mlops-eks-cpu-pool",
        "mlops-eks-cpu-class",
        "mlops-eks-karpenter",
        "mlops-eks-karpenter-crd",
        "mlops-eks-system-nodes",
        "mlops-eks-cluster",
        "mlops-network-vpc",
    ]
    assert [name for name in gone if name in order] == order
    assert story.held["left behind"] == []


def test_what_the_account_still_holds_is_reported_by_its_tag(story: Story) -> None:
    done = story.steps["left behind"]
    assert done.code == 24
    first, *rest = done.err.splitlines()
    assert first == "error: the stack of 'dev' is gone, and 1 resources with its tags are not:"
    assert rest == [
        f"left  s3:bucket {story.bucket}",
        f"      aws s3 rb s3://{story.bucket}",
        "Delete them with these commands, in this order or the reverse; then run `mlops doctor aws dev`.",
    ]


def test_a_destroy_after_a_destroy_finds_nothing(story: Story) -> None:
    done = story.steps["gone"]
    assert (done.code, done.err) == (0, "")
    assert done.lines()[-1] == "dev is gone; nothing is left that has to be deleted"
