"""What a publisher is apart from threads and tasks: ids, the buffer, which statuses are final, when to give up."""

from __future__ import annotations

import itertools
import random
import re
import secrets
import time
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple, Union

import grpc

from sluice._errors import (
    GaveUpError,
    Metadata,
    PublisherClosedError,
    SluiceError,
    Violation,
    accepted_in,
    publish_error,
    violations_in,
)
from sluice._events import Item, to_event
from sluice._outbox import Entry, Outbox
from sluice.v1.event_pb2 import End, OnAbort
from sluice.v1.publisher_service_pb2 import Interest, PublishWithFeedbackRequest, PublishWithFeedbackResponse, Stop

MethodMetadata = Union[Metadata, Callable[[], Metadata], None]

DEFAULT_BUFFER_EVENTS = 10_000
DEFAULT_BUFFER_BYTES = 8 << 20
DEFAULT_GIVE_UP_AFTER = 60.0
FIRST_DELAY = 0.1
LAST_DELAY = 5.0
HURRY = 1.0  # how long an interrupted program waits for acknowledgements, in seconds

# How a connection that breaks looks, on the way or at the bridge. OK is one of them before all was acknowledged.
_BROKEN = {
    grpc.StatusCode.OK,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
}

# A connection that has silently died is noticed, and gRPC comes back as quickly as the publisher wants to.
_CHANNEL_OPTIONS: Sequence[Tuple[str, Any]] = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", int(FIRST_DELAY * 1000)),
    ("grpc.min_reconnect_backoff_ms", 1000),
    ("grpc.max_reconnect_backoff_ms", int(LAST_DELAY * 1000)),
)


def channel_options(more: Optional[Iterable[Tuple[str, Any]]]) -> Sequence[Tuple[str, Any]]:
    """Ours, and the caller's, which win."""
    return list({**dict(_CHANNEL_OPTIONS), **dict(more or ())}.items())


def metadata_of(metadata: MethodMetadata) -> Optional[Metadata]:
    return metadata() if callable(metadata) else metadata


class Session:
    """Shared by both publishers, which see to it that one thread at a time is in here."""

    def __init__(
        self,
        *,
        on_abort: OnAbort,
        buffer_events: int,
        buffer_bytes: int,
        give_up_after: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if buffer_events < 1 or buffer_bytes < 1:
            raise ValueError("a buffer has room for one event and one byte at least")
        if give_up_after <= 0:
            raise ValueError("give_up_after is above 0")
        self.outbox = Outbox(buffer_events, buffer_bytes, on_abort)
        self.error: Optional[SluiceError] = None
        self.closing = False  # no more entries; half-close when all is sent
        self.streaming: Dict[str, Optional[Stop]] = {}  # topics of stream(), and who asked to stop
        self._name = secrets.token_hex(8)
        self._numbers = itertools.count(1)
        self.give_up_after = give_up_after
        self._now = now
        self._since = now()  # the last acknowledgement, or the first entry after all was acknowledged
        self._trouble = "no answer"
        self._failures = 0

    def event(self, topic: str, item: Item) -> Entry:
        event = to_event(item)
        if not event.id:
            event.id = f"{self._name}.{next(self._numbers)}"
        return Entry(topic, event=event)

    def end(self, topic: str, end: End) -> Entry:
        return Entry(topic, end=end)

    def check(self) -> None:
        """Raises if nothing can be published any more."""
        if self.error is None and self.patience() <= 0:
            self.error = GaveUpError(
                grpc.StatusCode.UNAVAILABLE,
                f"gave up after {self.give_up_after:g} s without an acknowledgement, "
                f"{self.outbox.unacknowledged} events are not acknowledged; last: {self._trouble}",
                **self._counts(),
            )
        if self.error is not None:
            raise self.error

    def patience(self) -> float:
        """For how many seconds to wait for an acknowledgement."""
        if self.outbox.unacknowledged == 0:
            return self.give_up_after
        return self._since + self.give_up_after - self._now()

    def add(self, entry: Entry) -> None:
        if self.outbox.unacknowledged == 0:
            self._since = self._now()
        self.outbox.add(entry)

    @property
    def finished(self) -> bool:
        """Whether no call is needed any more."""
        return self.error is not None or (self.closing and self.outbox.unacknowledged == 0)

    def next_request(self) -> Optional[PublishWithFeedbackRequest]:
        return self.outbox.next_request()

    def receive(self, response: PublishWithFeedbackResponse) -> Union[Interest, Stop, None]:
        """Takes an acknowledgement, and returns what is not one."""
        if response.HasField("ack"):
            before = self.outbox.settled
            self.outbox.acknowledge(response.ack)
            if self.outbox.settled > before:
                self._since = self._now()
                self._failures = 0
            return None
        if response.HasField("stop"):
            if response.stop.topic in self.streaming:
                self.streaming[response.stop.topic] = response.stop
            return response.stop
        return response.interest if response.HasField("interest") else None

    def call_ended(self, code: grpc.StatusCode, details: Optional[str], metadata: Optional[Iterable[Any]]) -> None:
        """A final status becomes the error; after another one, there may be another call."""
        metadata = list(metadata or ())
        self._trouble = f"{code.name}: {details}" if details else code.name
        if code in _BROKEN or self.error is not None:
            return
        self.outbox.stored(accepted_in(metadata))
        violations = [self._located(violation) for violation in violations_in(metadata)]
        self.error = publish_error(code, details, violations=violations, **self._counts())

    def delay(self) -> float:
        """How long to wait before the next call, in seconds: longer each time that none was acknowledged."""
        delay = min(LAST_DELAY, FIRST_DELAY * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return delay * random.uniform(0.5, 1)

    def close(self) -> None:
        self.closing = True

    def cancel(self) -> None:
        self.closing = True
        if self.error is None:
            self.error = PublisherClosedError(
                f"the publisher was cancelled, {self.outbox.unacknowledged} events are not acknowledged"
            )

    def check_open(self) -> None:
        self.check()
        if self.closing:
            raise PublisherClosedError("the publisher is closed")

    def _counts(self) -> Dict[str, Any]:
        totals = self.outbox.totals
        return {
            "accepted": totals.accepted,
            "duplicates": totals.duplicates,
            "unacknowledged": self.outbox.unacknowledged,
        }

    def _located(self, violation: Violation) -> Violation:
        place = re.match(r"requests\[(\d+)\](?:\.events\[(\d+)\])?", violation.field)
        if place is None:
            return violation
        event = int(place[2]) if place[2] else None
        topic, found = self.outbox.find(int(place[1]), event)
        return Violation(violation.field, violation.description, topic, found)
