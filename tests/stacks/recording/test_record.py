from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from mlops_stacks.recording import UNKNOWN, CannotRecord, Recording, Registration, Secret, record


class Store(pulumi.CustomResource):
    """A provider's resource: `size` is given, `address` only the provider knows."""

    size: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("shop:index:Store", name, {"address": None, **inputs}, opts)


class Shop(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("shop:index:Shop", name)
        store = Store(f"{name}-store", pulumi.ResourceOptions(parent=self), size="1Gi")
        self.register_outputs({"size": store.size, "key": pulumi.Output.secret("k")})


def recorded(program: Callable[[], object], **changes: Any) -> Recording:
    return record(program, **{"project": "shop", "stack": "dev", "config": {}, **changes})


def only(recording: Recording, name: str) -> Registration:
    (found,) = [resource for resource in recording.resources if resource.name == name]
    return found


def test_a_resource_is_recorded_with_its_place_options_and_inputs() -> None:
    def program() -> None:
        first = Store("first", size="1Gi")
        Store(
            "second",
            pulumi.ResourceOptions(
                depends_on=[first],
                protect=True,
                retain_on_delete=True,
                deleted_with=first,
                ignore_changes=["size"],
            ),
            count=2.0,
            share=0.5,
        )

    first = "urn:pulumi:dev::shop::shop:index:Store::first"
    assert only(recorded(program), "second") == Registration(
        urn="urn:pulumi:dev::shop::shop:index:Store::second",
        type="shop:index:Store",
        name="second",
        custom=True,
        parent="",
        provider="",
        dependencies=(first,),
        protect=True,
        retain_on_delete=True,
        deleted_with=first,
        ignore_changes=("size",),
        inputs={"count": 2, "share": 0.5},
    )


def test_children_name_their_parents_and_outputs_are_by_the_components_urn() -> None:
    def program() -> None:
        Shop("corner")
        pulumi.export("open", True)

    recording = recorded(program)
    shop = "urn:pulumi:dev::shop::shop:index:Shop::corner"
    store = only(recording, "corner-store")
    assert store.urn == "urn:pulumi:dev::shop::shop:index:Shop$shop:index:Store::corner-store"
    assert (store.parent, only(recording, "corner").parent) == (shop, "")
    assert (store.custom, only(recording, "corner").custom) == (True, False)
    assert recording.outputs == {shop: {"size": "1Gi", "key": Secret("k")}}
    assert recording.exports == {"open": True}


def test_a_provider_is_named_by_its_urn_though_a_preview_knows_no_id() -> None:
    def program() -> None:
        provider = kubernetes.Provider("here", kubeconfig=pulumi.Output.secret("text"))
        kubernetes.core.v1.Namespace("team", opts=pulumi.ResourceOptions(provider=provider))

    recording = recorded(program)
    assert only(recording, "team").provider == only(recording, "here").urn
    assert only(recording, "here").inputs["kubeconfig"] == Secret("text")


def test_an_update_knows_what_the_provider_is_said_to_add_and_a_preview_does_not_ask() -> None:
    def program() -> None:
        store = Store("store", size="1Gi")
        Store("reader", id=store.id, size=store.size, address=store.address)

    def answers(store: Registration) -> dict[str, Any]:
        return {"id": f"s-{store.name}", "address": "10.0.0.7"} if store.inputs["size"] == "1Gi" else {}

    update = recorded(program, preview=False, answers=answers)
    assert only(update, "reader").inputs == {"id": "s-store", "size": "1Gi", "address": "10.0.0.7"}
    assert only(recorded(program, answers=answers), "reader").inputs == {
        "id": UNKNOWN,
        "size": "1Gi",
        "address": UNKNOWN,
    }


def test_a_preview_knows_inputs_and_neither_ids_nor_what_the_provider_adds() -> None:
    def program() -> None:
        store = Store("store", size="1Gi")
        Store(
            "reader",
            id=store.id,
            size=store.size,
            address=store.address,
            url=store.address.apply(lambda address: f"s3://{address}"),
        )

    assert only(recorded(program), "reader").inputs == {
        "id": UNKNOWN,
        "size": "1Gi",
        "address": UNKNOWN,
        "url": UNKNOWN,
    }
    assert only(recorded(program, preview=False), "reader").inputs == {
        "id": "store-id",
        "size": "1Gi",
        "url": "s3://None",
    }


def test_a_secret_stays_one_through_a_resource_and_is_not_in_the_repr() -> None:
    def program() -> None:
        store = Store("store", password=pulumi.Output.secret("hunter2"), size=pulumi.Output.secret("1Gi"))
        Store("reader", nested={"list": [store.size]})

    recording = recorded(program)
    assert only(recording, "store").inputs["password"] == Secret("hunter2")
    assert only(recording, "reader").inputs == {"nested": {"list": [Secret("1Gi")]}}
    assert "hunter2" not in repr(recording)


def test_resources_come_by_urn_whatever_the_program_did_first() -> None:
    def program() -> None:
        for name in ("c", "a", "b"):
            Store(name)

    assert [resource.name for resource in recorded(program).resources] == ["a", "b", "c"]


def test_runs_in_one_process_know_nothing_of_each_other() -> None:
    seen: list[tuple[str, str, str | None]] = []

    def program() -> None:
        seen.append((pulumi.get_project(), pulumi.get_stack(), pulumi.Config("shop").get("size")))
        Store(f"store-{len(seen)}")

    one = recorded(program, config={"shop:size": "1Gi"})
    assert (pulumi.runtime.config.CONFIG.get(), pulumi.get_stack()) == ({}, "stack")
    two = recorded(program, project="other", stack="prod")
    assert seen == [("shop", "dev", "1Gi"), ("other", "prod", None)]
    assert [resource.name for resource in one.resources] == ["store-1"]
    assert [resource.urn for resource in two.resources] == [
        "urn:pulumi:prod::other::shop:index:Store::store-2"
    ]
    assert pulumi.runtime.settings.ROOT.get() is None


def test_a_run_that_failed_leaves_the_next_one_alone() -> None:
    def broken() -> None:
        Store("half")
        raise RuntimeError("the program's own")

    with pytest.raises(RuntimeError, match="the program's own"):
        recorded(broken)
    assert [resource.name for resource in recorded(lambda: Store("whole")).resources] == ["whole"]


def test_one_urn_twice_is_refused() -> None:
    def program() -> None:
        Store("same")
        Store("same")

    with pytest.raises(CannotRecord, match="registers urn:pulumi:dev::shop::shop:index:Store::same twice"):
        recorded(program)


def test_a_providers_function_is_named_and_not_answered() -> None:
    def program() -> None:
        pulumi.runtime.invoke("shop:index:getZones", {})

    with pytest.raises(CannotRecord, match="calls shop:index:getZones, which only a provider can answer"):
        recorded(program)


def test_an_existing_resource_is_named_and_not_read() -> None:
    def program() -> None:
        kubernetes.core.v1.Namespace.get("kube-system", "kube-system")

    with pytest.raises(CannotRecord, match=r"reads the existing resource 'kube-system' \(kubernetes:core/v1"):
        recorded(program)


def test_a_failed_input_tells_of_itself_once(caplog: pytest.LogCaptureFixture) -> None:
    def program() -> None:
        wrong = pulumi.Output.from_input(1).apply(lambda one: one / 0)
        Store("store", size=wrong)
        Store("other", size=wrong)

    with pytest.raises(ZeroDivisionError):
        recorded(program)
    gc.collect()
    assert [entry.message for entry in caplog.records] == []
