"""What to do with a component's arguments: check plain values at once and outputs when they are known.

Values that come through the component host (a program in another language) arrive as plain dicts with
every number a float, whatever the annotation says; the coercions here make both ways equal.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pulumi

from pulumi_mlops import checks, pod
from pulumi_mlops.errors import InvalidValue
from pulumi_mlops.manifests import Object
from pulumi_mlops.placement import Placement

T = TypeVar("T")


def text(
    args: Mapping[str, Any],
    key: str,
    check: Callable[[str], str],
    default: str | None = None,
    *,
    within: str = "",
) -> Any:
    """The string input `key`, checked; `default` when it is not given.

    `within` is the path of `args` in the component's arguments, for messages (`resources`).

    Raises `pulumi.InputPropertyError` for a plain value that `check` refuses, or a missing one that has
    no default.
    """
    path = _path(within, key)
    return _checked(path, _given(args, key, default, path), check)


def section(args: Mapping[str, Any], key: str) -> Any:
    """The arguments nested under `key`, which must be there."""
    return _given(args, key, None, key)


def whole(
    args: Mapping[str, Any],
    key: str,
    check: Callable[[int], int],
    default: int | None = None,
    *,
    within: str = "",
) -> Any:
    """The integer input `key`, coerced from a float and checked; `default` when it is not given."""
    path = _path(within, key)
    return _checked(path, _given(args, key, default, path), lambda value: check(_as_int(value)))


def number(
    args: Mapping[str, Any],
    key: str,
    check: Callable[[float], float],
    default: float | None = None,
    *,
    within: str = "",
) -> Any:
    """The number input `key`, as a float and checked; `default` when it is not given."""
    path = _path(within, key)
    return _checked(path, _given(args, key, default, path), lambda value: check(_as_float(value)))


def as_text(value: pulumi.Input[int]) -> pulumi.Output[str]:
    """A number where Kubernetes wants a text."""
    return pulumi.Output.from_input(value).apply(str)


def given(args: Mapping[str, Any], key: str) -> bool:
    """True if `key` is there and not None: decides what is registered, so it looks at no value."""
    return args.get(key) is not None


def refuse_given(args: Mapping[str, Any], keys: Sequence[str], choice: str) -> None:
    """Raise `pulumi.InputPropertyError` for one of `keys`, which `choice` has no use for."""
    for key in keys:
        if given(args, key):
            raise pulumi.InputPropertyError(
                key, f"{choice} is chosen, which has no use for this; leave one of the two out"
            )


def plain(
    args: Mapping[str, Any],
    key: str,
    check: Callable[[str], str],
    default: str | None = None,
    *,
    within: str = "",
) -> str:
    """A string that decides names or what is registered, so it may not be an output."""
    path = _path(within, key)
    value = _given(args, key, default, path)
    if isinstance(value, pulumi.Output):
        raise pulumi.InputPropertyError(
            path, "this decides which objects there are, so it must be a plain string"
        )
    return str(_checked(path, value, check))


def resources(args: Mapping[str, Any], cpu: str, memory: str, memory_limit: str) -> Object:
    """The container resources of `args["resources"]`, each defaulting to the value given here.

    Where more memory is requested than the default limit allows, the limit is what is requested.
    """
    wanted: Mapping[str, Any] = args.get("resources") or {}
    requested = text(wanted, "memory", checks.bytes_quantity, memory, within="resources")
    limit = (
        text(wanted, "memory_limit", checks.bytes_quantity, within="resources")
        if given(wanted, "memory_limit")
        else _at_least(requested, memory_limit)
    )
    return pod.resources(text(wanted, "cpu", checks.cpu_quantity, cpu, within="resources"), requested, limit)


def texts(args: Mapping[str, Any], key: str, check: Callable[[str], str]) -> list[Any]:
    """The strings listed under `key`, each checked; none when it is not given."""
    return [_checked(f"{key}[{number}]", value, check) for number, value in enumerate(args.get(key) or [])]


def named_texts(args: Mapping[str, Any], key: str, check: Callable[[str], str]) -> dict[str, Any]:
    """The strings under `key` by name; `check` judges the names."""
    return {_checked(key, name, check): value for name, value in (args.get(key) or {}).items()}


def named_secrets(args: Mapping[str, Any], key: str) -> dict[str, pulumi.Output[str]]:
    """The server settings under `key` as secrets, whether or not the caller had marked them so."""
    found = named_texts(args, key, checks.server_setting)
    return {name: pulumi.Output.secret(value) for name, value in found.items()}


def any_text(value: str) -> str:
    """The check of a string that anything may be in, except nothing."""
    if not value:
        raise InvalidValue("an empty string is not allowed here")
    return value


def secret(args: Mapping[str, Any], key: str, *, within: str = "") -> pulumi.Output[str]:
    """The string input `key` as a secret, whether or not the caller had marked it one."""
    return pulumi.Output.secret(text(args, key, any_text, within=within))


def external_url(args: Mapping[str, Any]) -> pulumi.Output[str | None]:
    """`http://<ingress_address>:<node_port>` of a published component, None of one that is not."""
    if not given(args, "node_port"):
        return pulumi.Output.from_input(None)
    address = text(args, "ingress_address", any_text)
    port = whole(args, "node_port", checks.node_port)
    return pulumi.Output.concat("http://", address, ":", pulumi.Output.from_input(port).apply(str))


def optional_node_port(args: Mapping[str, Any]) -> Any:
    """The `node_port` input, checked; None when it is not given."""
    return whole(args, "node_port", checks.node_port) if given(args, "node_port") else None


def placement(name: str, component: str, args: Mapping[str, Any]) -> Placement:
    """Where a component's objects go and what they are called, from `object_name` and `namespace`."""
    return Placement(
        component=component,
        name=plain(args, "object_name", checks.object_name, name),
        namespace=text(args, "namespace", any_text),
    )


def flows(args: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The flows listed under `key`, with whole ports."""
    return [{**flow, "port": whole(flow, "port", checks.positive)} for flow in args.get(key) or []]


def store_place(args: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """(endpoint, region, bucket of models) of `args["store"]`."""
    store = section(args, "store")
    return (
        text(store, "url", any_text, within="store"),
        text(store, "region", any_text, "us-east-1", within="store"),
        text(store, "bucket", any_text, "models", within="store"),
    )


def store_bucket(args: Mapping[str, Any], kind: str) -> Any:
    """The bucket of `args["store"]` for `data` or `requests`."""
    return text(section(args, "store"), f"{kind}_bucket", any_text, kind, within="store")


def other_bucket(args: Mapping[str, Any], kind: str, variable: str) -> dict[str, Any]:
    """The variable that names the bucket for `kind`, where it is not called as it is by default."""
    return {variable: store_bucket(args, kind)} if given(section(args, "store"), f"{kind}_bucket") else {}


def store_key(args: Mapping[str, Any], key: str = "store") -> dict[str, pulumi.Output[str]]:
    """A Secret's entries for the S3 key in `args[key]`, called as every S3 client looks them up.

    There are none where pods show an identity of their own.  Raises `pulumi.InputPropertyError` for half a
    key.
    """
    store = section(args, key)
    if not given(store, "access_key_id") and not given(store, "secret_access_key"):
        return {}
    return {
        "AWS_ACCESS_KEY_ID": secret(store, "access_key_id", within=key),
        "AWS_SECRET_ACCESS_KEY": secret(store, "secret_access_key", within=key),
    }


def _at_least(requested: Any, limit: str) -> Any:
    def larger(known: str) -> str:
        return max(limit, known, key=checks.bytes_of)

    return requested.apply(larger) if isinstance(requested, pulumi.Output) else larger(requested)


def _given(args: Mapping[str, Any], key: str, default: Any, path: str) -> Any:
    value = args.get(key)
    if value is None:
        value = default
    if value is None:
        raise pulumi.InputPropertyError(path, "this argument is required and was not given")
    return value


def _checked(key: str, value: Any, check: Callable[[Any], Any]) -> Any:
    def checked_now(known: Any) -> Any:
        try:
            return check(known)
        except InvalidValue as error:
            raise pulumi.InputPropertyError(key, str(error)) from error

    return value.apply(checked_now) if isinstance(value, pulumi.Output) else checked_now(value)


def _as_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise InvalidValue(f"{value!r} is not a whole number")
    return int(value)


def _as_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue(f"{value!r} is not a number")
    return float(value)


def _path(within: str, key: str) -> str:
    return f"{within}.{key}" if within else key


def digest(texts: Sequence[Any]) -> pulumi.Output[str]:
    """What a pod is given beside its template, in SHA-256: with another the pod is made anew.

    It is a secret if one of the texts is.
    """
    return pulumi.Output.all(*texts).apply(
        lambda known: hashlib.sha256("\0".join(known).encode()).hexdigest()
    )
