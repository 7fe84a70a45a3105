"""Names in the image registry, and what it keeps. Pure.

What is deployed is never expired: stacks deploy by digest, tags cannot be moved to another image, and only
images without a tag end by age. An image of many platforms holds its parts, so they stay as long as it does.
Sources: Amazon ECR User Guide, "Lifecycle policy properties" and "How lifecycle policies work".
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_mlops.aws import endpoints
from pulumi_mlops.errors import InvalidValue

CACHES = {"public.ecr.aws": "ecr-public", "quay.io": "quay", "registry.k8s.io": "kubernetes"}
"""Registries that can be cached without a credential, by their last part of the repositories' prefix."""
LONGEST_CACHE_PREFIX = 30
KEPT_TAGS = ("deployed-*",)
"""Tags whose images a limit by number leaves alone."""

_PART = r"[a-z0-9]+([._-][a-z0-9]+)*"
_NAME = re.compile(rf"{_PART}(/{_PART})*")
_TAG_PATTERN = re.compile(r"[\w.\-*]{1,128}")
_MOST_TAG_PATTERNS = 4
_LONGEST_NAME = 256
_ADDRESS = re.compile(
    rf"([0-9]{{12}})\.dkr\.ecr\.([a-z0-9\-]+)\.(amazonaws\.com(?:\.cn)?)(?:/({_PART}(?:/{_PART})*))?"
)
# No rule can follow on images that an earlier one matched; this number makes one that matches and ends none.
_NEVER = 10_000


@dataclass(frozen=True)
class Address:
    """The parts of a registry's address; `prefix` is empty without one."""

    account_id: str
    region: str
    prefix: str


def repository_name(value: str) -> str:
    """A name that ECR takes for a repository or the prefix of some."""
    if not _NAME.fullmatch(value) or not 2 <= len(value) <= _LONGEST_NAME:
        raise InvalidValue(
            f"{value!r} ({len(value)} characters) is no name for a repository; allowed are 2 to "
            f"{_LONGEST_NAME} lower-case letters and digits, with single dots, hyphens, underscores or "
            "slashes between them"
        )
    return value


def repository_of(prefix: str, image: str) -> str:
    """The image, if ECR takes it and, after the prefix, the name of its repository."""
    repository_name(f"{prefix}/{repository_name(image)}")
    return image


def cached_registry(value: str) -> str:
    """A registry that can be cached without a credential."""
    if value not in CACHES:
        raise InvalidValue(f"{value!r} cannot be cached here; allowed are {', '.join(CACHES)}")
    return value


def cache_prefix(prefix: str, registry: str) -> str:
    """The prefix of the repositories that cache a registry."""
    made = f"{prefix}/{CACHES[registry]}"
    if len(made) > LONGEST_CACHE_PREFIX:
        raise InvalidValue(
            f"the cache of {registry} would have the prefix {made!r} of {len(made)} characters, and ECR "
            f"takes {LONGEST_CACHE_PREFIX}; give a shorter prefix"
        )
    return made


def tag_pattern(value: str) -> str:
    """A pattern of tags, `*` for anything."""
    if not _TAG_PATTERN.fullmatch(value) or value.count("*") > _MOST_TAG_PATTERNS:
        raise InvalidValue(
            f"{value!r} is no pattern of tags; allowed are letters, digits, dots, hyphens, underscores and "
            f"at most {_MOST_TAG_PATTERNS} times *"
        )
    return value


def address(value: str) -> str:
    """A registry's address: `<account>.dkr.ecr.<region>.amazonaws.com/<prefix>`."""
    address_parts(value)
    return value


def address_parts(value: str) -> Address:
    """The parts of a registry's address."""
    found = _ADDRESS.fullmatch(value)
    if not found:
        raise InvalidValue(
            f"{value!r} is no address of an ECR registry; one looks like "
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/prefix, without https:// and without a tag"
        )
    return Address(found[1], found[2], found[4] or "")


def repository_arn(account_id: str, region: str, name: str) -> str:
    """The ARN of a repository, or of all that a pattern names."""
    return endpoints.arn(region, "ecr", f"repository/{name}", account_id=account_id)


def lifecycle(
    untagged_days: int, keep_tagged: int | None = None, kept_tags: Sequence[str] = KEPT_TAGS
) -> str:
    """The lifecycle policy of a repository: images without a tag end by age.

    With `keep_tagged`, of those with a tag the newest so many stay, and all whose tag matches `kept_tags`.
    """
    rules = [
        _rule(
            "images that never had a tag or lost it",
            {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": untagged_days,
            },
        )
    ]
    if keep_tagged is not None:
        rules += [
            _rule("images that are kept whatever their number", _tagged([pattern], _NEVER))
            for pattern in kept_tags
        ]
        rules.append(_rule("images but for the newest", _tagged(["*"], keep_tagged)))
    return _policy(rules)


def cache_lifecycle(images: int) -> str:
    """The lifecycle policy of a cache: what goes beyond this number is fetched again when it is wanted."""
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": images}
    return _policy([_rule("cached images but for the newest", newest)])


def _tagged(patterns: list[str], number: int) -> dict[str, Any]:
    return {
        "tagStatus": "tagged",
        "tagPatternList": patterns,
        "countType": "imageCountMoreThan",
        "countNumber": number,
    }


def _rule(description: str, selection: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "selection": selection, "action": {"type": "expire"}}


def _policy(rules: list[dict[str, Any]]) -> str:
    return json.dumps({"rules": [{"rulePriority": number, **rule} for number, rule in enumerate(rules, 1)]})
