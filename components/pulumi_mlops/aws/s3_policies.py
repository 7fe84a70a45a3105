"""What buckets refuse, and what readers and writers of the object store may do. Pure.

The policies of readers and writers are for roles; none may delete, as artifacts and releases stay.

Sources: Amazon S3 User Guide, "Bucket policies", "Requiring a specific KMS key", "Server access logging"
and "Encryption context"; Service Authorization Reference, Amazon S3.
"""

from collections.abc import Iterable, Mapping, Sequence

from pulumi_mlops.aws import edge_policies, endpoints, iam_policy
from pulumi_mlops.aws.iam_policy import Conditions, Statement

OLDEST_TLS = "1.2"

_ALGORITHM = "s3:x-amz-server-side-encryption"
_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_CUSTOMER_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"
_PUT = ("s3:AbortMultipartUpload", "s3:PutObject")
# Denials of connections must meet every request; `s3:*` is what no narrower list can keep complete.
_ANY_REQUEST = ("s3:*",)


def bucket_policy(bucket_arn: str, key_arn: str) -> str:
    """The policy of a bucket whose objects are all encrypted with one KMS key.

    A write that names no encryption gets the bucket's own, which is that key: S3 looks at the policy before
    it fills in the default, so a denial of writes without the header would refuse every plain client. Refused
    is a write that names anything else, AWS's own key included, which `aws:kms` without a key means.
    """
    return iam_policy.document(
        *_connections(bucket_arn),
        _deny_put(
            "DenyOtherEncryption",
            bucket_arn,
            {"Null": {_ALGORITHM: "false"}, "StringNotEquals": {_ALGORITHM: "aws:kms"}},
        ),
        _deny_put(
            "DenyOtherKey",
            bucket_arn,
            {"StringEquals": {_ALGORITHM: "aws:kms"}, "ArnNotEquals": {_KEY: key_arn}},
        ),
        _deny_put("DenyKeyOfCustomer", bucket_arn, {"Null": {_CUSTOMER_KEY: "false"}}),
    )


def logs_policy(
    bucket_arn: str, account_id: str, sources: Mapping[str, str], *, balancers: str | None = None
) -> str:
    """The policy of the bucket of access logs: S3's log delivery writes, for the buckets named alone.

    `sources` are the ARNs of the logged buckets by the prefix of their logs; `balancers` is the prefix under
    which load balancers of the account write theirs.
    """
    return iam_policy.document(
        *_connections(bucket_arn),
        *(
            Statement(
                f"AccessLogsOf{prefix.capitalize()}",
                ["s3:PutObject"],
                [f"{bucket_arn}/{prefix}/*"],
                principals={"Service": ["logging.s3.amazonaws.com"]},
                conditions={
                    "ArnLike": {"aws:SourceArn": source},
                    "StringEquals": {"aws:SourceAccount": account_id},
                },
            )
            for prefix, source in sources.items()
        ),
        *([] if balancers is None else [edge_policies.access_log(bucket_arn, balancers, account_id)]),
    )


def server_policy(
    bucket_arns: Mapping[str, str], key_arn: str, region: str, *, models: Iterable[str], endpoint: str
) -> str:
    """What the server of one endpoint may do: read its models and releases, add to the log of its requests.

    `bucket_arns` has `models` and `requests`.
    """
    return reader_policy(
        bucket_arns,
        key_arn,
        region,
        prefixes=[*(f"models/{model}/" for model in models), f"releases/{endpoint}/"],
        put_prefixes=[f"endpoint={endpoint}/"],
    )


def reader_policy(
    bucket_arns: Mapping[str, str],
    key_arn: str,
    region: str,
    *,
    prefixes: Sequence[str],
    put_prefixes: Sequence[str],
) -> str:
    """Read and list under `prefixes` of the bucket `models`; add under `put_prefixes` of `requests`, unread.

    Prefixes end in a slash, or one of `m` would let `m2` be read too. To tell a missing object from a refused
    one, a server that is answered 403 lists the object's folder: S3 answers 404 only to who may list the
    bucket, and a read has no `s3:prefix` by which this policy would let it.
    """
    models, requests = bucket_arns["models"], bucket_arns["requests"]
    return iam_policy.document(
        Statement(
            "ListModels",
            ["s3:ListBucket"],
            [models],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        ),
        Statement("ReadModels", ["s3:GetObject"], [f"{models}/{prefix}*" for prefix in prefixes]),
        Statement("AddRequests", _PUT, [f"{requests}/{prefix}*" for prefix in put_prefixes]),
        _key("DecryptModels", ["kms:Decrypt"], key_arn, region, [models]),
        # Parts of a large upload are put together by decrypting them.
        _key("EncryptRequests", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn, region, [requests]),
    )


def writer_policy(bucket_arns: Iterable[str], key_arn: str, region: str, *, prefix: str = "") -> str:
    """Read, list and write under `prefix` of the buckets; pipelines get all three, MLflow `data` alone."""
    arns = list(bucket_arns)
    listed: Conditions = {"StringLike": {"s3:prefix": [f"{prefix}*"]}} if prefix else {}
    return iam_policy.document(
        Statement("ListObjects", ["s3:ListBucket"], arns, conditions=listed),
        Statement("SeeBuckets", ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], arns),
        Statement(
            "ReadAndWrite",
            ["s3:GetObject", "s3:ListMultipartUploadParts", *_PUT],
            [f"{arn}/{prefix}*" for arn in arns],
        ),
        _key("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn, region, arns),
    )


def _connections(bucket_arn: str) -> list[Statement]:
    everything = [bucket_arn, f"{bucket_arn}/*"]
    return [
        Statement(
            "DenyPlainHttp",
            _ANY_REQUEST,
            everything,
            effect="Deny",
            any_principal=True,
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        Statement(
            "DenyOldTls",
            _ANY_REQUEST,
            everything,
            effect="Deny",
            any_principal=True,
            conditions={"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}},
        ),
    ]


def _deny_put(sid: str, bucket_arn: str, conditions: Conditions) -> Statement:
    return Statement(
        sid, ["s3:PutObject"], [f"{bucket_arn}/*"], effect="Deny", any_principal=True, conditions=conditions
    )


def _key(
    sid: str, actions: Sequence[str], key_arn: str, region: str, bucket_arns: Sequence[str]
) -> Statement:
    """Use of the key by S3 for objects of these buckets, whatever else it encrypts.

    The context is the bucket with a bucket key, the object without.
    """
    contexts = [context for arn in bucket_arns for context in (arn, f"{arn}/*")]
    return Statement(
        sid,
        actions,
        [key_arn],
        conditions={
            "StringEquals": {"kms:ViaService": endpoints.via_service("s3", region)},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": contexts},
        },
    )
