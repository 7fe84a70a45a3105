"""Types of single settings: pydantic types over the components' own checks."""

from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic.alias_generators import to_camel

from pulumi_mlops import admission_objects, checks, remediation_rules

T = TypeVar("T")


class Refused(ValueError):
    """What a section's check says of one of its keys, `key`: the path within the section, such as `nat`."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")


class Section(BaseModel):
    """One section of the settings: camelCase in the file, frozen, strict, and nothing unknown in it."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=False,
        strict=True,
    )


def _network(value: object) -> object:
    return IPv4Network(value) if isinstance(value, str) else value


def _small_block(value: IPv4Network) -> IPv4Network:
    if value.prefixlen != 30:
        raise ValueError(f"{value} is not a block of four addresses; allowed is a /30 such as 10.199.0.0/30")
    return value


def _seconds(check: Callable[[int], int]) -> Callable[[str], str]:
    """The check of a duration whose length in seconds `check` judges."""

    def checked(value: str) -> str:
        check(checks.seconds_of(value))
        return value

    return checked


ObjectName = Annotated[str, AfterValidator(checks.object_name)]
Image = Annotated[str, AfterValidator(checks.image_or_digest)]
Version = Annotated[str, AfterValidator(checks.model_version)]
Cpu = Annotated[str, AfterValidator(checks.cpu_quantity)]
Bytes = Annotated[str, AfterValidator(checks.bytes_quantity)]
Duration = Annotated[str, AfterValidator(checks.duration)]
Schedule = Annotated[str, AfterValidator(checks.cron_schedule)]
Stabilization = Annotated[Duration, AfterValidator(_seconds(checks.stabilization_seconds))]
IdleTime = Annotated[Duration, AfterValidator(_seconds(checks.idle_seconds))]
HoldTime = Annotated[Duration, AfterValidator(_seconds(checks.hold_seconds))]
StepPeriod = Annotated[Duration, AfterValidator(_seconds(checks.step_seconds))]
Cooldown = Annotated[Duration, AfterValidator(_seconds(remediation_rules.cooldown_seconds))]
TimeZone = Annotated[str, AfterValidator(checks.time_zone)]
NodePort = Annotated[int, AfterValidator(checks.node_port)]
Positive = Annotated[int, AfterValidator(checks.positive)]
ZeroOrMore = Annotated[int, AfterValidator(checks.zero_or_more)]
Percent = Annotated[int, AfterValidator(checks.percent)]
Ratio = Annotated[float, AfterValidator(checks.ratio)]
HttpUrl = Annotated[str, AfterValidator(checks.http_url)]
Cidr = Annotated[str, AfterValidator(checks.address_block)]
GrpcUrl = Annotated[str, AfterValidator(checks.grpc_url)]
Port = Annotated[int, Field(ge=1024, le=65535)]
AddressBlock = Annotated[IPv4Network, BeforeValidator(_network), AfterValidator(_small_block)]
ServerSettings = dict[Annotated[str, AfterValidator(checks.server_setting)], str]
Text = Annotated[str, Field(min_length=1)]
AdmissionRule = Annotated[str, AfterValidator(admission_objects.rule_name)]
Day = Annotated[date, Field(strict=False)]
Secret = Annotated[SecretStr, Field(strict=False)]
Several = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in the file, a tuple here."""


class Resources(Section):
    """What one pod may use; there is no CPU limit."""

    cpu: Cpu | None = None
    memory: Bytes | None = None
    memory_limit: Bytes | None = None

    @model_validator(mode="after")
    def _limit_covers_request(self) -> Self:
        if (
            self.memory
            and self.memory_limit
            and checks.bytes_of(self.memory) > checks.bytes_of(self.memory_limit)
        ):
            raise ValueError(f"memory, {self.memory}, is more than memoryLimit, {self.memory_limit}")
        return self
