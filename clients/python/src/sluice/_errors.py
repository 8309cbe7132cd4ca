"""Errors, and how a call's status becomes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Optional, Sequence, Tuple, Union

import grpc
from google.rpc import error_details_pb2, status_pb2

from sluice.v1.event_pb2 import Event

Metadata = Sequence[Tuple[str, Union[str, bytes]]]


@dataclass(frozen=True)
class Violation:
    """A field that broke a rule."""

    field: str  # `requests[2].events[5].id`, with the indexes of the call
    description: str
    topic: str = ""  # what it was published to,
    event: Optional[Event] = None  # and the event, if it is one's field


class SluiceError(Exception):
    """The base of all errors of this package."""


class PublisherClosedError(SluiceError):
    """The publisher has been closed or cancelled."""


class PublishError(SluiceError):
    """The bridge refused what was published. Final: a publisher says so again whenever it is used."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        accepted: int = 0,
        duplicates: int = 0,
        unacknowledged: int = 0,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.accepted = accepted  # events that were stored, this one's predecessors
        self.duplicates = duplicates  # events that were there already
        self.unacknowledged = unacknowledged  # events and ends of which nothing is known
        self.violations = tuple(violations)


class InvalidEventError(PublishError):
    """INVALID_ARGUMENT: an event, a topic or an end breaks a rule; see `violations`."""


class TopicEndedError(PublishError):
    """FAILED_PRECONDITION: the topic has ended, or was deleted."""


class LimitExceededError(PublishError):
    """RESOURCE_EXHAUSTED: a limit of the bridge, which the message names."""


class AccessError(PublishError):
    """PERMISSION_DENIED or UNAUTHENTICATED."""


class GaveUpError(PublishError):
    """Nothing was acknowledged for `give_up_after` seconds."""


_TYPES = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidEventError,
    grpc.StatusCode.FAILED_PRECONDITION: TopicEndedError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: LimitExceededError,
    grpc.StatusCode.PERMISSION_DENIED: AccessError,
    grpc.StatusCode.UNAUTHENTICATED: AccessError,
}


def publish_error(code: grpc.StatusCode, message: Optional[str], **more: Any) -> PublishError:
    return _TYPES.get(code, PublishError)(code, message or "", **more)


def violations_in(metadata: Optional[Iterable[Any]]) -> Sequence[Violation]:
    """The google.rpc.BadRequest of a call's trailing metadata."""
    status = status_pb2.Status.FromString(_value(metadata, "grpc-status-details-bin") or b"")
    found = []
    for detail in status.details:
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(bad_request):
            found += [Violation(each.field, each.description) for each in bad_request.field_violations]
    return found


def accepted_in(metadata: Optional[Iterable[Any]]) -> int:
    """How many events a call stored before it was refused."""
    return int(_value(metadata, "sluice-accepted") or 0)


def error_of_call(code: grpc.StatusCode, message: Optional[str], metadata: Optional[Iterable[Any]]) -> PublishError:
    """What a call that is tried once failed with."""
    metadata = list(metadata or ())
    return publish_error(code, message, accepted=accepted_in(metadata), violations=violations_in(metadata))


def _value(metadata: Optional[Iterable[Any]], key: str) -> Any:
    return next((value for name, value in metadata or () if name == key), None)
