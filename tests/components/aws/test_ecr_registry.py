from __future__ import annotations

from typing import Any

import pulumi
import pytest

from aws_stores import ACCOUNT, KEY, REGION, TAGS, ground, of_protected, options
from mlops_stacks.recording import UNKNOWN
from pulumi_mlops.aws import ecr_policies, ecr_rules, iam_policy
from pulumi_mlops.aws.ecr_registry import EcrRegistry, EcrSource
from recording_engine import Recording, registered, unknown

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
PARTNER = "arn:aws:iam::210987654321:root"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
KMS = [{"encryptionType": "KMS", "kmsKey": KEY}]
ADOPTED = {"source": "adopt", "prefix": None, "images": None, "key_arn": None}


def registry(*, production: bool = False, **changed: Any) -> EcrRegistry:
    args: Any = {
        "ground": ground(production=production),
        "source": EcrSource.CREATE,
        "prefix": "loans",
        "images": ["serving", "jobs/train"],
        "key_arn": KEY,
        **changed,
    }
    return EcrRegistry("mlops", args)


def made(**changed: Any) -> Recording:
    return registered(lambda: registry(**changed))


def repository_arn(name: str) -> str:
    return f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"


def test_every_image_has_a_repository_with_a_lifecycle_and_a_policy() -> None:
    recording = made()
    assert sorted((r.type, r.name) for r in recording.resources) == [
        ("aws:ecr/lifecyclePolicy:LifecyclePolicy", "mlops-jobs-train-lifecycle"),
        ("aws:ecr/lifecyclePolicy:LifecyclePolicy", "mlops-serving-lifecycle"),
        ("aws:ecr/repository:Repository", "mlops-jobs-train"),
        ("aws:ecr/repository:Repository", "mlops-serving"),
        ("aws:ecr/repositoryPolicy:RepositoryPolicy", "mlops-jobs-train-policy"),
        ("aws:ecr/repositoryPolicy:RepositoryPolicy", "mlops-serving-policy"),
        ("mlops:index:EcrRegistry", "mlops"),
    ]
    assert recording.outputs["mlops"] == {
        "address": f"{HOST}/loans",
        "repository_arns": [repository_arn("loans/serving"), repository_arn("loans/jobs/train")],
        "cache_addresses": {},
        "cache_arns": [],
    }


def test_a_repository_scans_what_is_pushed_moves_no_tag_and_is_encrypted_with_the_key() -> None:
    assert made().of("Repository", "mlops-serving").inputs == {
        "name": "loans/serving",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": KMS,
        "forceDelete": False,
        "tags": {**TAGS, "Name": "loans/serving"},
    }


def test_images_without_a_tag_end_and_outsiders_are_refused() -> None:
    recording = made()
    assert recording.of("LifecyclePolicy", "mlops-serving-lifecycle").inputs == {
        "repository": "loans/serving",
        "policy": ecr_rules.lifecycle(14),
    }
    assert recording.of("RepositoryPolicy", "mlops-serving-policy").inputs == {
        "repository": "loans/serving",
        "policy": ecr_policies.repository_policy(ACCOUNT),
    }


def test_what_is_kept_and_who_pulls_is_the_users_to_say_as_other_languages_give_it() -> None:
    recording = made(
        untagged_days=3.0,
        keep_tagged=20.0,
        kept_tags=["v*"],
        pull_principals=[PARTNER],
        organization_id="o-a1b2c3d4e5",
        images=["serving"],
    )
    assert recording.of("LifecyclePolicy").inputs["policy"] == ecr_rules.lifecycle(3, 20, ["v*"])
    assert recording.of("RepositoryPolicy").inputs["policy"] == ecr_policies.repository_policy(
        ACCOUNT, [PARTNER], "o-a1b2c3d4e5"
    )


def test_tags_of_what_is_deployed_are_kept_where_nothing_else_is_said() -> None:
    policy = made(keep_tagged=20, images=["serving"]).of("LifecyclePolicy").inputs["policy"]
    assert policy == ecr_rules.lifecycle(14, 20, ["deployed-*"])


def test_inspector_scans_all_the_time_where_that_is_asked_for() -> None:
    assert made().names_of("RegistryScanningConfiguration") == []
    assert made(enhanced_scanning=True).of("RegistryScanningConfiguration").inputs == {
        "scanType": "ENHANCED",
        "rules": [
            {
                "scanFrequency": "CONTINUOUS_SCAN",
                "repositoryFilters": [{"filter": "loans/*", "filterType": "WILDCARD"}],
            }
        ],
    }


def test_images_are_copied_to_other_registries_where_that_is_asked_for() -> None:
    replicas = [
        {"region": "eu-west-1", "account_id": ACCOUNT},
        {"region": REGION, "account_id": "210987654321"},
    ]
    assert made(replicas=replicas).of("ReplicationConfiguration").inputs == {
        "replicationConfiguration": {
            "rules": [
                {
                    "destinations": [
                        {"region": "eu-west-1", "registryId": ACCOUNT},
                        {"region": REGION, "registryId": "210987654321"},
                    ],
                    "repositoryFilters": [{"filter": "loans/", "filterType": "PREFIX_MATCH"}],
                }
            ]
        }
    }


def test_a_cache_is_made_as_hardened_as_the_other_repositories() -> None:
    recording = made(
        caches=["quay.io"],
        cached_images=50.0,
        ground={**ground(), "permissions_boundary_arn": BOUNDARY},
    )
    assert recording.of("PullThroughCacheRule").inputs == {
        "ecrRepositoryPrefix": "loans/quay",
        "upstreamRegistryUrl": "quay.io",
    }
    assert recording.of("PullThroughCacheRule").dependencies == ("mlops-quay-template",)
    assert recording.of("RepositoryCreationTemplate").inputs == {
        "prefix": "loans/quay",
        "description": "Copies of images of quay.io",
        "appliedFors": ["PULL_THROUGH_CACHE"],
        "imageTagMutability": "IMMUTABLE",
        "encryptionConfigurations": KMS,
        "lifecyclePolicy": ecr_rules.cache_lifecycle(50),
        "repositoryPolicy": ecr_policies.repository_policy(ACCOUNT),
        "resourceTags": {**TAGS, "Name": "loans/quay"},
    }
    assert recording.of("Role").inputs == {
        "description": "Lets ECR make the repositories of caches with a key and tags",
        "assumeRolePolicy": iam_policy.trust_service("ecr.amazonaws.com"),
        "permissionsBoundary": BOUNDARY,
        "tags": {**TAGS, "Name": "mlops-template-role"},
    }
    assert recording.of("RolePolicy").inputs == {
        "role": "mlops-template-role-id",
        "policy": ecr_policies.template_policy([repository_arn("loans/quay/*")], KEY),
    }


def test_caches_say_what_images_are_rewritten_to() -> None:
    outputs = made(caches=["public.ecr.aws", "registry.k8s.io"]).outputs["mlops"]
    assert outputs["cache_addresses"] == {
        "public.ecr.aws": f"{HOST}/loans/ecr-public",
        "registry.k8s.io": f"{HOST}/loans/kubernetes",
    }
    assert outputs["cache_arns"] == [
        repository_arn("loans/ecr-public/*"),
        repository_arn("loans/kubernetes/*"),
    ]


def test_ecr_makes_a_caches_repositories_by_the_role_that_is_made_for_it() -> None:
    recording = registered(lambda: registry(caches=["quay.io"]), preview=True)
    template = recording.of("RepositoryCreationTemplate")
    assert template.inputs["customRoleArn"] is UNKNOWN
    assert template.dependencies == ("mlops-template-rights", "mlops-template-role")


def test_the_engine_refuses_to_delete_the_repositories_of_production_alone() -> None:
    assert of_protected(lambda: registry(production=True)) == ["mlops-jobs-train", "mlops-serving"]
    assert of_protected(registry) == []


def test_policies_end_with_their_repository() -> None:
    found = options(lambda: registry(images=["serving"]))
    assert {name: each.deleted_with.split("::")[-1] for name, each in found.items() if each.deleted_with} == {
        "mlops-serving-lifecycle": "mlops-serving",
        "mlops-serving-policy": "mlops-serving",
    }


def test_images_that_may_be_lost_are_deleted_where_that_is_asked_for() -> None:
    assert made(force_delete=True).of("Repository", "mlops-serving").inputs["forceDelete"] is True


def test_an_adopted_registry_is_not_registered_so_it_is_never_deleted() -> None:
    recording = made(**ADOPTED, address=f"{HOST}/ours")
    assert [r.name for r in recording.resources] == ["mlops"]
    assert recording.outputs["mlops"] == {
        "address": f"{HOST}/ours",
        "repository_arns": [repository_arn("ours/*")],
        "cache_addresses": {},
        "cache_arns": [],
    }
    assert made(**ADOPTED, address=HOST).outputs["mlops"]["repository_arns"] == [repository_arn("*")]


def test_a_preview_knows_the_same_resources_with_neither_account_nor_key_known() -> None:
    def program() -> None:
        registry(
            ground={**ground(), "account_id": unknown()},
            key_arn=unknown(),
            caches=["quay.io"],
            untagged_days=unknown(),
        )

    assert registered(program, preview=True).urns == made(caches=["quay.io"]).urns


@pytest.mark.parametrize(
    ("changed", "path", "reason"),
    [
        ({"address": HOST}, "address", "source create is chosen"),
        ({**ADOPTED, "address": HOST, "caches": ["quay.io"]}, "caches", "source adopt is chosen"),
        ({**ADOPTED, "address": "ghcr.io/ours"}, "address", "is no address of an ECR registry"),
        ({"prefix": "Loans"}, "prefix", "is no name for a repository"),
        ({"images": ["serving", "UI"]}, "images[1]", "is no name for a repository"),
        ({"caches": ["docker.io"]}, "caches[0]", "cannot be cached here"),
        ({"caches": ["quay.io"], "prefix": "l" * 26}, "prefix", "give a shorter prefix"),
        ({"pull_principals": ["*"]}, "pull_principals[0]", "is no ARN"),
        ({"kept_tags": ["a b"]}, "kept_tags[0]", "is no pattern of tags"),
        (
            {"production": True, "force_delete": True},
            "force_delete",
            "never deletes the images of production",
        ),
        ({"replicas": [{"region": "x", "account_id": ACCOUNT}]}, "replicas[0].region", "no region's code"),
        ({"replicas": [{"region": REGION, "account_id": "1"}]}, "replicas[0].account_id", "no account id"),
        ({"untagged_days": 0}, "untagged_days", "is too small"),
        ({"ground": {**ground(), "account_id": "1"}}, "ground.account_id", "is no account id"),
        ({"key_arn": None}, "key_arn", "this argument is required"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(changed: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(pulumi.InputPropertyError) as refused:
        made(**changed)
    assert refused.value.property_path == path
    assert reason in refused.value.reason
