from __future__ import annotations

from typing import Any

from iam_evaluator import allows
from policy_linter import findings
from pulumi_mlops.aws import edge_policies, iam_policy
from pulumi_mlops.aws.load_balancer_controller import LoadBalancerController
from recording_engine import Recording, registered

REGION = "eu-central-1"
ACCOUNT = "111122223333"
GROUND = {"region": REGION, "account_id": ACCOUNT, "tags": {"mlops:environment": "prod"}}
ARGS: dict[str, Any] = {"ground": GROUND, "cluster_name": "prod", "vpc_id": "vpc-1"}
POLICY = edge_policies.controller(region=REGION, account_id=ACCOUNT, cluster="prod")
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/mlops-1/2"
OWN = {"aws:RequestedRegion": REGION, "aws:ResourceTag/mlops:cluster": "prod"}


def made(**changes: Any) -> Recording:
    return registered(lambda: LoadBalancerController("controller", {**ARGS, **changes}))


def test_it_is_a_chart_with_a_role_of_its_own() -> None:
    controller = made()
    assert sorted((each.type.split(":")[-1], each.name, each.parent) for each in controller.resources) == [
        ("LoadBalancerController", "controller", ""),
        ("PodIdentityAssociation", "controller-role-association", "controller-role"),
        ("Release", "controller-chart", "controller"),
        ("Role", "controller-role-role", "controller-role"),
        ("RolePolicy", "controller-role-policy", "controller-role"),
        ("ServiceRole", "controller-role", "controller"),
    ]
    assert controller.of("RolePolicy").inputs["policy"] == POLICY
    association = controller.of("PodIdentityAssociation").inputs
    assert (association["namespace"], association["serviceAccount"]) == (
        "kube-system",
        "aws-load-balancer-controller",
    )
    assert controller.of("Release").dependencies == (
        "controller-role-association",
        "controller-role-policy",
        "controller-role-role",
    )


def test_its_chart_is_pinned_and_does_one_thing() -> None:
    assert made().of("Release").inputs == {
        "name": "aws-load-balancer-controller",
        "chart": "aws-load-balancer-controller",
        "repositoryOpts": {"repo": "https://aws.github.io/eks-charts"},
        "version": "1.17.1",
        "namespace": "kube-system",
        "atomic": True,
        "timeout": 600,
        "compat": "true",
        "values": {
            "clusterName": "prod",
            "region": REGION,
            "vpcId": "vpc-1",
            "serviceAccount": {"create": True, "name": "aws-load-balancer-controller"},
            "replicaCount": 2,
            "podDisruptionBudget": {"maxUnavailable": 1},
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [],
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "podSecurityContext": {"fsGroup": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
            "securityContext": {
                "runAsNonRoot": True,
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
            "keepTLSSecret": True,
            "clusterSecretsPermissions": {"allowAllSecrets": False},
            "enableServiceMutatorWebhook": False,
            "podMutatorWebhookConfig": {"failurePolicy": "Ignore"},
            "createIngressClassResource": False,
            "ingressClassParams": {"create": False},
            "enableBackendSecurityGroup": False,
            "enableShield": False,
            "enableWaf": False,
            "enableWafv2": False,
            "controllerConfig": {"featureGates": {"EnableServiceController": False}},
        },
    }


def test_chart_image_and_nodes_can_be_others() -> None:
    release = made(
        charts="https://charts.example.com",
        chart_version="3.4.2",
        image="111122223333.dkr.ecr.eu-central-1.amazonaws.com/cache/eks/aws-load-balancer-controller",
        node_selector={"pool": "system"},
        tolerations=[{"key": "system", "operator": "Exists"}],
    ).of("Release")
    assert release.inputs["repositoryOpts"] == {"repo": "https://charts.example.com"}
    assert release.inputs["version"] == "3.4.2"
    values = release.inputs["values"]
    assert values["image"] == {
        "repository": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/cache/eks/aws-load-balancer-controller"
    }
    assert values["nodeSelector"] == {"kubernetes.io/os": "linux", "pool": "system"}
    assert values["tolerations"] == [{"key": "system", "operator": "Exists"}]


def test_it_fills_the_target_groups_of_its_cluster_and_no_other() -> None:
    for action in ("RegisterTargets", "DeregisterTargets"):
        assert allows(POLICY, f"elasticloadbalancing:{action}", GROUP, **OWN)
        other = {**OWN, "aws:ResourceTag/mlops:cluster": "staging"}
        assert not allows(POLICY, f"elasticloadbalancing:{action}", GROUP, **other)
        assert not allows(POLICY, f"elasticloadbalancing:{action}", GROUP, **{"aws:RequestedRegion": REGION})
        for elsewhere in (GROUP.replace(ACCOUNT, "999999999999"), GROUP.replace(REGION, "us-east-1")):
            assert not allows(POLICY, f"elasticloadbalancing:{action}", elsewhere, **OWN)


def test_it_looks_in_its_region_only() -> None:
    for action in ("elasticloadbalancing:DescribeTargetHealth", "ec2:DescribeVpcs"):
        assert allows(POLICY, action, "*", **OWN)
        assert not allows(POLICY, action, "*", **{"aws:RequestedRegion": "us-east-1"})


def test_it_makes_nothing_opens_nothing_and_passes_no_role() -> None:
    for action in (
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:AddTags",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateSecurityGroup",
        "ec2:CreateTags",
        "wafv2:DisassociateWebACL",
        "iam:PassRole",
        "iam:CreateServiceLinkedRole",
    ):
        assert not allows(POLICY, action, GROUP, **OWN), action
        assert not allows(POLICY, action, "*", **OWN), action


def test_the_linter_accepts_its_rights() -> None:
    assert findings(POLICY) == []


def test_load_balancers_of_this_account_write_their_log_and_nothing_else() -> None:
    bucket = "arn:aws:s3:::logs"
    policy = iam_policy.document(edge_policies.access_log(bucket, "load-balancer", ACCOUNT))
    service = "logdelivery.elasticloadbalancing.amazonaws.com"
    own = f"{bucket}/load-balancer/AWSLogs/{ACCOUNT}/elasticloadbalancing/a.log.gz"

    def may(action: str, resource: str, principal: str = service) -> bool:
        return allows([], action, resource, resource_policy=policy, principal=principal)

    assert may("s3:PutObject", own)
    assert not may("s3:GetObject", own)
    assert not may("s3:PutObject", own.replace(ACCOUNT, "999999999999"))
    assert not may("s3:PutObject", f"{bucket}/models/a")
    assert not may("s3:PutObject", own, "delivery.logs.amazonaws.com")
