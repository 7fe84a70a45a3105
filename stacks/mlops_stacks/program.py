"""The Pulumi program: one environment's settings in, one platform out."""

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from mlops_stacks import outputs
from mlops_stacks.aws_settings import EksCluster
from mlops_stacks.platform_args import platform_args
from mlops_stacks.settings import NAMESPACE, Settings, load
from pulumi_mlops import Platform


def main() -> None:
    """Register the platform that the stack's configuration describes, and export its outputs."""
    platform = register(read_settings())
    for name, value in outputs.of(platform).items():
        pulumi.export(name, value)


def register(settings: Settings) -> Platform:
    """The platform that the settings describe, with its ground where it is on AWS."""
    if isinstance(settings.cluster, EksCluster) and settings.aws is not None:
        # pulumi_aws takes a second to import, which a local platform need not wait for.
        from mlops_stacks import aws_program

        return aws_program.register(pulumi.get_stack(), settings, settings.aws, settings.cluster)
    return Platform(NAMESPACE, platform_args(settings))


def read_settings() -> Settings:
    """The settings in the running stack's configuration, decrypted by the engine.

    Every key of the project is handed on, so that a mistyped one is refused and not ignored.
    """
    config = pulumi.Config(NAMESPACE)
    prefix = f"{NAMESPACE}:"
    every_key = {**get_config_env(), **CONFIG.get()}
    keys = [key.removeprefix(prefix) for key in every_key if key.startswith(prefix)]
    return load({key: _value(config, key) for key in keys})


def _value(config: pulumi.Config, key: str) -> object:
    # Sections and lists reach the program as JSON, single values as they are.
    try:
        return config.require_object(key)
    except pulumi.ConfigTypeError:
        return config.require(key)
