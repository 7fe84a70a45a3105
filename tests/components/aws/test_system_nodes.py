from __future__ import annotations

from pulumi_mlops.aws import system_nodes

TAGS = {"mlops:owner": "risk"}


def test_an_instance_keeps_its_credentials_from_pods_and_its_disks_encrypted() -> None:
    def disk(device: str, size: int) -> dict[str, object]:
        return {
            "device_name": device,
            "ebs": {
                "volume_type": "gp3",
                "volume_size": size,
                "encrypted": "true",
                "kms_key_id": "key",
                "delete_on_termination": "true",
            },
        }

    assert system_nodes.launch_template("key", 50, TAGS) == {
        "update_default_version": True,
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        "block_device_mappings": [disk("/dev/xvda", 4), disk("/dev/xvdb", 50)],
        "tag_specifications": [
            {"resource_type": "instance", "tags": TAGS},
            {"resource_type": "volume", "tags": TAGS},
            {"resource_type": "network-interface", "tags": TAGS},
        ],
        "tags": TAGS,
    }


def test_no_key_opens_a_shell_on_a_node() -> None:
    assert not {"key_name", "user_data"} & set(system_nodes.launch_template("key", 50, TAGS))


def test_the_group_takes_system_pods_only_and_changes_one_node_at_a_time() -> None:
    assert system_nodes.node_group(["m7g.large"], "arm64", 2, 3) == {
        "ami_type": "BOTTLEROCKET_ARM_64",
        "capacity_type": "ON_DEMAND",
        "instance_types": ["m7g.large"],
        "scaling_config": {"min_size": 2, "desired_size": 2, "max_size": 3},
        "update_config": {"max_unavailable": 1},
        "node_repair_config": {"enabled": True},
        "labels": {"mlops.dev/nodes": "system"},
        "taints": [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
    }


def test_the_image_is_bottlerocket_for_either_architecture() -> None:
    assert system_nodes.image_kind("amd64") == "BOTTLEROCKET_x86_64"
    assert system_nodes.image_kind("arm64") == "BOTTLEROCKET_ARM_64"
