"""Publishes events to Sluice, a bridge from gRPC to server-sent events.

`Publisher` (and `sluice.aio.AsyncPublisher`) keeps what is not acknowledged and sends it again; `publish` is one call.
The messages and stubs of all services are in `sluice.v1`.
"""

from sluice._errors import (
    AccessError,
    GaveUpError,
    InvalidEventError,
    LimitExceededError,
    PublisherClosedError,
    PublishError,
    SluiceError,
    TopicEndedError,
    Violation,
)
from sluice._events import Item, json_event
from sluice._outbox import Totals
from sluice._plain import publish
from sluice._publisher import Publisher, Streamed
from sluice.v1.event_pb2 import ON_ABORT_FAIL, ON_ABORT_KEEP_OPEN, Event
from sluice.v1.publisher_service_pb2 import Interest, Stop

__all__ = [
    "ON_ABORT_FAIL",
    "ON_ABORT_KEEP_OPEN",
    "AccessError",
    "Event",
    "GaveUpError",
    "Interest",
    "InvalidEventError",
    "Item",
    "LimitExceededError",
    "PublishError",
    "Publisher",
    "PublisherClosedError",
    "SluiceError",
    "Stop",
    "Streamed",
    "TopicEndedError",
    "Totals",
    "Violation",
    "json_event",
    "publish",
]
