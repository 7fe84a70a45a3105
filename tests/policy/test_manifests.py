"""Manifests as resources: what is read, what is refused, and where it says so."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from mlops_policy import checking, manifests
from mlops_policy.errors import BadConfig, BadManifest
from mlops_policy.judging import Judge, configured
from mlops_policy.resources import Resource, Stack
from mlops_policy.rules import Rule, Subject
from policy_kubernetes_samples import (
    account,
    binding,
    budget,
    deny_all,
    flows,
    limits,
    namespace,
    quota,
    role,
    service,
)
from policy_samples import deployment

TODAY = datetime.date(2026, 1, 1)


def _manifest(resource: Resource) -> dict[str, Any]:
    _, version, kind = resource.type.split(":")
    return {"apiVersion": version.removeprefix("core/"), "kind": kind, **resource.props}


def _application() -> list[dict[str, Any]]:
    made = [namespace(), quota(), limits(), deny_all(), flows(), budget(), service(), account()]
    return [_manifest(each) for each in [*made, deployment(), role(), binding()]]


def test_documents_and_lists_of_both_kinds_are_opened() -> None:
    text = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}}
---
---
apiVersion: v1
kind: PodList
items:
- metadata: {generateName: b-}
---
{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "c"}}
"""

    assert [(each.urn, each.type) for each in manifests.read(text.encode(), "all.yaml")] == [
        ("all.yaml#Service/shop/a", "kubernetes:core/v1:Service"),
        ("all.yaml#Pod/b-", "kubernetes:core/v1:Pod"),
        ("all.yaml#ScaledObject/c", "kubernetes:keda.sh/v1alpha1:ScaledObject"),
    ]


@pytest.mark.parametrize("text", [yaml.dump_all, lambda found: json.dumps({"kind": "List", "items": found})])
def test_an_application_that_says_everything_is_good_in_yaml_and_in_json(text: Any) -> None:
    found = text(_application())
    if found.startswith("{"):
        found = found.replace('"kind": "List"', '"apiVersion": "v1", "kind": "List"', 1)
    report = checking.check(manifests.read(found.encode(), "app"), {}, TODAY)

    assert (report.holds, list(report.findings), report.notes) == (True, [], [])


def test_anchors_merges_and_days_read_as_in_kubernetes() -> None:
    text = "kind: A\napiVersion: &v v1\nx: &base {a: 1, b: on}\ny: {<<: *base, a: 0x10}\n"
    text += "z: [*v, 2026-01-01, 1e3, ~]"

    assert manifests.read(text.encode(), "f")[0].props == {
        "kind": "A",
        "apiVersion": "v1",
        "x": {"a": 1, "b": True},
        "y": {"a": 16, "b": True},
        "z": ["v1", "2026-01-01", "1e3", None],
    }


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"apiVersion: v1\nkind: A\n---\na: [\n",
            "f, document 2, line 5: did not find expected node content",
        ),
        (b"a: 1\nb: 2\na: 3\n", "f, document 1, line 3: the key 'a' is there twice"),
        (b'{"a": 1, "a": 2}', "f: the key 'a' is there twice"),
        (BOMB.encode(), "f, document 1, line 5: aliases repeat more than 100000 values"),
        (b"a: &a [*a]", "f, document 1, line 1: there is no whole value &a before *a"),
        (b"[" * 100 + b"]" * 99, "f, document 1, line 1: deeper than 64 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "f: deeper than 64 levels"),
        (b"a: !Ref b", "f, document 1, line 1: Kubernetes knows no tag !Ref"),
        (
            b"a: !!python/name:os b",
            "f, document 1, line 1: Kubernetes knows no tag tag:yaml.org,2002:python/name:os",
        ),
        (b"? [a]\n: b", "f, document 1, line 1: a key is a list or a mapping"),
        (b"\xff\xfe\x00", "f: not text in UTF-8, at byte 0"),
        (b"just words", "f, document 1: a text, where an object with apiVersion and kind is expected"),
        (b"kind: A", "f, document 1: an object without apiVersion, which every object of Kubernetes has"),
        (
            b"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1}]",
            "f, document 1, items[0]: an object without kind, which every object of Kubernetes has",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(BadManifest) as refused:
        manifests.read(content, "f")
    assert str(refused.value) == message


def test_a_file_of_too_many_bytes_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MOST_BYTES", 9)

    with pytest.raises(BadManifest, match="f: 10 bytes, and 9 are read at most; split it"):
        manifests.read(b"a" * 10, "f")


def test_a_manifest_of_ten_megabytes_is_read_whole_and_each_object_judged() -> None:
    filler = {"filler": ["x" * 1000] * 1000}
    config = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{n}"}, "data": filler}
        for n in range(9)
    ]
    content = yaml.dump_all([*config, *_application()], Dumper=_NoAliases).encode() + b"\n#" + b"x" * 900_000
    assert len(content) > 9_900_000

    report = checking.check(manifests.read(content, "f"), {}, TODAY)

    assert (list(report.findings), report.notes) == (
        [],
        ["no policy is about core/v1:ConfigMap, of which there are 9"],
    )


class _NoAliases(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _counting(rule: Rule, counted: Counter[str]) -> Rule:
    def judge(subject: Subject, stack: Stack, config: Any) -> Iterator[str]:
        counted[rule.name] += 1
        yield from rule.judge(subject, stack, config)

    return dataclasses.replace(rule, judge=judge)


def test_each_rule_judges_each_part_of_a_thousand_resources_once() -> None:
    resources = [
        dataclasses.replace(
            each,
            urn=f"{each.urn}{n}",
            props={**each.props, "metadata": {"name": f"s{n}", "namespace": f"n{n}"}},
        )
        for n in range(250)
        for each in (deployment(), budget(), deny_all(), account())
    ]
    counted: Counter[str] = Counter()
    judge = Judge(configured([_counting(rule, counted) for rule in checking.RULES], {}), TODAY)

    assert judge.all(resources) == []
    parts = {rule.name: sum(1 for _ in rule.subjects(Stack(resources))) for rule in checking.RULES}
    assert counted == {name: number for name, number in parts.items() if number}


def test_levels_and_exemptions_are_as_the_configuration_says() -> None:
    broken = dataclasses.replace(service("NodePort"), urn="f#Service/models/server")
    exemption = {"urn": "f#Service/*", "reason": "old", "approver": "me", "expires": "2026-02-01"}

    def holds(given: Any) -> bool:
        return checking.check([broken], {"network-service-type": given}, TODAY).holds

    assert not holds({})
    assert holds("advisory")
    assert holds({"enforcementLevel": "disabled"})
    assert holds({"types": ["NodePort"]})
    assert holds({"exemptions": [exemption]})
    assert not holds({"exemptions": [{**exemption, "expires": "2025-12-31"}]})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"pod-nothing": {}}, "there is no policy pod-nothing; `mlops policy list` names those there are"),
        ({"pod-user": 3}, "pod-user is 3, where a section or a level is expected"),
        (
            {"pod-user": "off"},
            "pod-user.enforcementLevel is 'off', and is one of advisory, mandatory, remediate, disabled",
        ),
    ],
)
def test_a_configuration_that_is_not_allowed_is_refused(config: Any, message: str) -> None:
    with pytest.raises(BadConfig) as refused:
        checking.check([], config, TODAY)
    assert str(refused.value) == message
