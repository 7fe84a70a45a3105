"""A training pipeline: run once when it is declared or its image changes, and on a schedule if one is given.

Endpoints that serve its model depend on it, so that their first pod finds a release.
"""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, Job
from pulumi_kubernetes.core.v1 import Secret, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from pulumi_mlops import checks, inputs, manifests, network_flows, pipeline_pods
from pulumi_mlops.names import digest_of
from pulumi_mlops.placement import Placement
from pulumi_mlops.shared_args import FlowArgs, ResourcesArgs, StoreAccessArgs

_RETRIES = 2


class TrackingArgs(TypedDict):
    """How to reach MLflow."""

    url: pulumi.Input[str]
    """Tracking URI."""
    username: pulumi.Input[str]
    """User."""
    password: pulumi.Input[str]
    """Password; kept a secret in the state."""


class PipelineArgs(TypedDict):
    """Arguments of Pipeline."""

    namespace: pulumi.Input[str]
    """Namespace of all its objects."""
    image: pulumi.Input[str]
    """Image of the pipelines, by digest; the digest is also the code revision that runs are logged under."""
    pipeline: str
    """Which pipeline of the image to run, such as `mortgage-approval`."""
    model: pulumi.Input[str]
    """Name the model is registered under."""
    endpoint: pulumi.Input[str]
    """Endpoint whose release log gets the first release."""
    store: StoreAccessArgs
    """The object store, with a key that may write."""
    tracking: TrackingArgs
    """The model registry."""
    object_name: NotRequired[str]
    """Name of the Job and the other objects; the component's name by default."""
    schedule: NotRequired[pulumi.Input[str]]
    """Five cron fields, in UTC, to run it again; only once without it."""
    timeout_seconds: NotRequired[pulumi.Input[int]]
    """Longest time of one run, retries included; 1800 by default."""
    allowed_egress: NotRequired[list[FlowArgs]]
    """Where the object store and the model registry are."""
    resources: NotRequired[ResourcesArgs]
    """CPU and memory of a run."""


class Pipeline(pulumi.ComponentResource):
    """A Job that trains, checks and registers a model, and a CronJob doing the same on a schedule."""

    job: pulumi.Output[str]
    """Name of the Job; the run has succeeded once this is known."""
    job_template: pulumi.Output[str]
    """The Job in JSON, for whoever starts it again under another name: `Remediation`."""

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:index:Pipeline", name, {}, opts)
        place = inputs.placement(name, "pipeline", args)
        child = pulumi.ResourceOptions(parent=self)
        account = ServiceAccount(f"{name}-account", opts=child, **manifests.service_account(place.metadata()))
        secret = Secret(
            f"{name}-keys",
            metadata=place.metadata(),
            string_data=_hidden(args),
            opts=child,
        )
        egress = [network_flows.egress(flow) for flow in inputs.flows(args, "allowed_egress")]
        egress += [] if inputs.store_key(args) else [network_flows.to_credentials()]
        policy = NetworkPolicy(
            f"{name}-flows",
            opts=child,
            **network_flows.policy(place.metadata(), place.selector, [], egress),
        )
        ready = pulumi.ResourceOptions.merge(
            child, pulumi.ResourceOptions(depends_on=[account, secret, policy])
        )
        spec = _job_spec(args, place)
        # Whoever replaces it wants another run: of one name, the old Job has to go before the new one comes.
        anew = pulumi.ResourceOptions.merge(ready, pulumi.ResourceOptions(delete_before_replace=True))
        job = Job(f"{name}-job", metadata=place.metadata(), spec=spec, opts=anew)
        if inputs.given(args, "schedule"):
            schedule = inputs.text(args, "schedule", checks.cron_schedule)
            cron = manifests.cron_job_spec(spec, schedule)
            CronJob(f"{name}-schedule", metadata=place.metadata(), spec=cron, opts=ready)
        self.job = job.metadata.name.apply(str)
        self.job_template = pulumi.Output.json_dumps(
            {"apiVersion": "batch/v1", "kind": "Job", "metadata": place.metadata(), "spec": spec}
        )
        self.register_outputs({"job": self.job, "job_template": self.job_template})


def _hidden(args: PipelineArgs) -> dict[str, pulumi.Output[str]]:
    """The entries of the pipeline's Secret, by the variable that each is."""
    tracking = inputs.section(args, "tracking")
    return {
        **inputs.store_key(args),
        "MLFLOW_TRACKING_USERNAME": inputs.secret(tracking, "username", within="tracking"),
        "MLFLOW_TRACKING_PASSWORD": inputs.secret(tracking, "password", within="tracking"),
    }


def _job_spec(args: PipelineArgs, place: Placement) -> manifests.Object:
    image = inputs.text(args, "image", checks.image_by_digest)
    url, region, bucket = inputs.store_place(args)
    env = {
        "MLOPS_MODEL": inputs.text(args, "model", checks.object_name),
        "MLOPS_ENDPOINT": inputs.text(args, "endpoint", checks.object_name),
        "MLOPS_CODE_REVISION": pulumi.Output.from_input(image).apply(digest_of),
        "MLOPS_STORE_URL": url,
        "MLOPS_STORE_BUCKET": bucket,
        "AWS_REGION": region,
        **inputs.other_bucket(args, "data", "MLOPS_DATA_BUCKET"),
        "MLFLOW_TRACKING_URI": inputs.text(args["tracking"], "url", inputs.any_text, within="tracking"),
    }
    template = pipeline_pods.run(
        place,
        image,
        inputs.plain(args, "pipeline", checks.object_name),
        env,
        _hidden(args),
        inputs.resources(args, cpu="100m", memory="512Mi", memory_limit="2Gi"),
    )
    timeout = inputs.whole(args, "timeout_seconds", checks.positive, 1800)
    return manifests.job_spec(template, _RETRIES, timeout)
