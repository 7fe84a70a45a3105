"""The catalog is whole, hardened by default, and names the versions that the Go modules pin."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from mlops_local import toolchain
from mlops_local.images import (
    GO_GROUPS,
    IMAGES_OF_KEDA,
    IMAGES_OF_MONITORING,
    IMAGES_OF_NODE,
    IMAGES_OF_STACK,
    groups_of,
)
from mlops_local.images.catalog import (
    IMAGE_WITH_CERTIFICATES,
    PAUSE_TAG,
    POSTGRES_USER,
    RECIPES,
    UNPRIVILEGED,
    GoProgram,
    ImageName,
    RootFilesystem,
    ancestry,
)
from mlops_local.node.spec import PAUSE_IMAGE

UPSTREAM_MODULES = {
    "alertmanager": "github.com/prometheus/alertmanager",
    "coredns": "github.com/coredns/coredns",
    "keda-adapter": "github.com/kedacore/keda/v2",
    "keda-operator": "github.com/kedacore/keda/v2",
    "kube-state-metrics": "k8s.io/kube-state-metrics/v2",
    "local-path-provisioner": "github.com/rancher/local-path-provisioner",
    "metrics-server": "sigs.k8s.io/metrics-server",
    "node-exporter": "github.com/prometheus/node_exporter",
    "object-store": "github.com/versity/versitygw",
    "otel-collector": "go.opentelemetry.io/collector/otelcol",
    "registry": "github.com/distribution/distribution/v3",
}


def test_every_image_name_has_a_recipe_and_the_rest_are_layers_below_images() -> None:
    below = {RECIPES[name].parent for name in RECIPES}
    assert set(RECIPES) - set(get_args(ImageName)) == {"pipeline-packages", "serving-packages"}
    assert set(get_args(ImageName)) <= set(RECIPES)
    assert {"pipeline-packages", "serving-packages"} <= below


def test_node_and_stack_share_no_image_and_leave_only_the_registry_out() -> None:
    assert set(IMAGES_OF_NODE).isdisjoint(IMAGES_OF_STACK)
    listed = {*IMAGES_OF_NODE, *IMAGES_OF_STACK, *IMAGES_OF_KEDA, *IMAGES_OF_MONITORING}
    assert set(get_args(ImageName)) - listed == {"registry"}


def test_groups_that_are_built_on_demand_are_in_no_image_of_every_platform() -> None:
    assert groups_of(IMAGES_OF_KEDA) == ["keda"]
    assert groups_of(IMAGES_OF_MONITORING) == list(IMAGES_OF_MONITORING)
    assert {*groups_of(IMAGES_OF_KEDA), *groups_of(IMAGES_OF_MONITORING)} == toolchain.ON_DEMAND - {
        "pulumi-yaml"
    }
    assert groups_of(["base", "object-store", "pause"]) == ["pause", "versitygw"]
    assert toolchain.ON_DEMAND.isdisjoint(groups_of([*IMAGES_OF_NODE, *IMAGES_OF_STACK]))
    assert set(toolchain.PLATFORM_GROUPS) | toolchain.ON_DEMAND == set(toolchain.GROUPS)


def test_ancestors_come_before_the_images_built_on_them() -> None:
    assert ancestry("serving") == ("base", "serving-packages", "serving")
    assert ancestry("pause") == ("pause",)


def test_images_that_speak_to_servers_outside_have_the_certificates_of_authorities() -> None:
    recipes = {name: recipe for name, recipe in RECIPES.items() if isinstance(recipe, GoProgram)}
    having = [name for name, recipe in recipes.items() if recipe.certificates]
    assert having == ["alertmanager", "otel-collector"]
    assert [ancestry(name) for name in having] == [("base", "alertmanager"), ("base", "otel-collector")]
    packages = RECIPES[IMAGE_WITH_CERTIFICATES]
    assert isinstance(packages, RootFilesystem)
    assert "ca-certificates" in packages.packages


@pytest.mark.parametrize("name", RECIPES)
def test_no_image_runs_as_root(name: str) -> None:
    assert RECIPES[name].user == (POSTGRES_USER if name == "postgres" else UNPRIVILEGED)


@pytest.mark.parametrize("name", ["mlflow", "pipeline", "serving"])
def test_python_images_switch_the_telemetry_of_their_libraries_off(name: str) -> None:
    expected = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "ORT_DISABLE_TELEMETRY": "1"}
    assert expected.items() <= dict(RECIPES[name].env).items()


@pytest.mark.parametrize("name", [name for name in RECIPES if isinstance(RECIPES[name], GoProgram)])
def test_go_program_is_one_that_the_toolchain_builds(name: str) -> None:
    recipe = RECIPES[name]
    assert isinstance(recipe, GoProgram)
    assert recipe.program in toolchain.GROUPS[recipe.group].programs
    assert recipe.group in GO_GROUPS


@pytest.mark.parametrize(("name", "module"), UPSTREAM_MODULES.items())
def test_upstream_image_has_the_version_that_is_built_here(name: str, module: str) -> None:
    recipe = RECIPES[name]
    assert isinstance(recipe, GoProgram)
    assert recipe.upstream is not None
    pins = (toolchain.MODULES / recipe.group / "go.mod").read_text()
    pinned = re.search(rf"^\s*{re.escape(module)} (v\S+)", pins, re.MULTILINE)
    assert pinned is not None
    assert recipe.upstream.rpartition(":")[2].removeprefix("v") == pinned[1].removeprefix("v")


def test_prometheus_release_3_n_is_its_go_module_0_30n() -> None:
    pins = (toolchain.MODULES / "prometheus" / "go.mod").read_text()
    module = re.search(r"github.com/prometheus/prometheus v0\.3(\d\d)\.(\d+)", pins)
    assert module is not None
    assert f"3.{int(module[1])}.{module[2]}" == toolchain.PROMETHEUS_VERSION
    assert RECIPES["prometheus"].upstream == f"docker.io/prom/prometheus:v{toolchain.PROMETHEUS_VERSION}"


def test_pause_has_the_tag_that_containerd_is_told() -> None:
    assert PAUSE_IMAGE.rpartition(":")[2] == PAUSE_TAG
