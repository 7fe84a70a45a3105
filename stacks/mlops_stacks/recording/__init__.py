"""A Pulumi engine that records what a program registers, and the document made of it."""

from mlops_stacks.recording.document import (
    SECRET_MARK,
    UNKNOWN_MARK,
    VERSION,
    Document,
    Resource,
    document_of,
)
from mlops_stacks.recording.engine import Answers, CannotRecord, Recording, Registration, record
from mlops_stacks.recording.values import UNKNOWN, Secret

__all__ = [
    "SECRET_MARK",
    "UNKNOWN",
    "UNKNOWN_MARK",
    "VERSION",
    "Answers",
    "CannotRecord",
    "Document",
    "Recording",
    "Registration",
    "Resource",
    "Secret",
    "document_of",
    "record",
]
