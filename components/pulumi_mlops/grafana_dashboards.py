"""Dashboards where the cluster's Grafana finds them: one ConfigMap each, for its sidecar."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from pulumi_mlops import checks, dashboards, inputs

LABEL, LABEL_VALUE, FOLDER = "grafana_dashboard", "1", "Models"
FOLDER_ANNOTATION = "grafana_folder"


class GrafanaDashboardsArgs(TypedDict):
    """Arguments of GrafanaDashboards."""

    namespace: pulumi.Input[str]
    """A namespace in which the sidecar of Grafana looks; Grafana's own unless it was told of others."""
    label: NotRequired[str]
    """Name of the label by which the sidecar finds them; `grafana_dashboard` by default."""
    label_value: NotRequired[pulumi.Input[str]]
    """The label's value; `1` by default."""
    folder: NotRequired[pulumi.Input[str]]
    """Folder in Grafana, where the sidecar's `folderAnnotation` is `grafana_folder`; `Models` by default."""
    object_name: NotRequired[str]
    """Prefix of its objects; the component's name by default."""


class GrafanaDashboards(pulumi.ComponentResource):
    """The dashboards of endpoints, of drift and of the platform."""

    def __init__(
        self, name: str, args: GrafanaDashboardsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:index:GrafanaDashboards", name, {}, opts)
        place = inputs.placement(name, "grafana-dashboards", args)
        label = inputs.plain(args, "label", checks.label_name, LABEL)
        value = inputs.text(args, "label_value", checks.label_value, LABEL_VALUE)
        folder = inputs.text(args, "folder", inputs.any_text, FOLDER)
        for file, text in dashboards.files().items():
            short = file.removesuffix(".json").removeprefix("mlops-")
            meta = place.metadata(short)
            ConfigMap(
                f"{name}-{short}",
                metadata={
                    **meta,
                    "labels": {**meta["labels"], label: value},
                    "annotations": {FOLDER_ANNOTATION: folder},
                },
                data={file: text},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
