"""Host names and ARNs of AWS that follow from a region alone. Pure."""

from pulumi_mlops.aws import aws_checks


def dns_suffix(region: str) -> str:
    """The last part of the hosts of a region's services."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def arn(region: str, service: str, resource: str, *, account_id: str = "", regional: bool = True) -> str:
    """The ARN of a resource; without `regional` it names no region, as those of IAM and S3."""
    place = region if regional else ""
    return f"arn:{aws_checks.partition(region)}:{service}:{place}:{account_id}:{resource}"


def via_service(service: str, region: str) -> str:
    """What the condition `kms:ViaService` calls a service: it has one suffix in every partition."""
    return f"{service}.{region}.amazonaws.com"


def s3_url(region: str) -> str:
    """The S3 endpoint of a region."""
    return f"https://s3.{region}.{dns_suffix(region)}"


def rds_authorities_url(region: str) -> str:
    """Where AWS publishes the certificates of those who sign those of a region's databases."""
    return f"https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"


def ecr_host(account_id: str, region: str) -> str:
    """The host of an account's image registry in a region."""
    return f"{account_id}.dkr.ecr.{region}.{dns_suffix(region)}"
