"""What a publisher has not been told is stored."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Deque, Dict, List, Optional, Tuple

from sluice.v1.event_pb2 import End, Event, OnAbort
from sluice.v1.publisher_service_pb2 import Ack, PublishWithFeedbackRequest

BATCH_EVENTS = 64
BATCH_BYTES = 256 * 1024
MAX_NAMED = 10_000


@dataclass(frozen=True)
class Totals:
    """What became of the events that were sent: `accepted + duplicates` is their number."""

    accepted: int = 0  # stored
    duplicates: int = 0  # there already
    last_cursor: str = ""  # the place of the last entry, ends included; empty: none yet


@dataclass(frozen=True)
class Entry:
    """An event, or the end of a topic."""

    topic: str
    event: Optional[Event] = None
    end: Optional[End] = None

    @property
    def size(self) -> int:
        message = self.event if self.event is not None else self.end
        return message.ByteSize() if message is not None else 0


def take_batch(waiting: Deque[Entry]) -> List[Entry]:
    """Takes from `waiting`, which is not empty, what a request may have: events of one topic, then perhaps its end."""
    entries: List[Entry] = []
    size = 0
    while waiting and len(entries) < BATCH_EVENTS:
        size += waiting[0].size
        if entries and (waiting[0].topic != entries[0].topic or size > BATCH_BYTES):
            break
        entries.append(waiting.popleft())
        if entries[-1].end is not None:
            break
    return entries


class Outbox:
    """A buffer with bounds: entries wait, are sent in requests of a call, and leave when their request is acknowledged.

    Does no input or output, knows no clock, and is for one thread at a time.
    """

    def __init__(self, max_events: int, max_bytes: int, on_abort: OnAbort) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._on_abort = on_abort
        self._bytes = 0
        self._waiting: Deque[Entry] = deque()
        self._sent: Deque[List[Entry]] = deque()  # a list for each request of the call without an acknowledgement
        self._acknowledged = 0  # requests of the call
        self._topic = ""  # of the call's last request
        self._named: Dict[str, None] = {}  # topics that have not ended, the last ones used
        self._to_name: Deque[str] = deque()
        self._before = Totals()  # what calls before this one stored
        self.totals = Totals()
        self.added = 0  # entries, ever
        self.settled = 0  # those of them that are acknowledged

    @property
    def unacknowledged(self) -> int:
        return self.added - self.settled

    @property
    def has_requests(self) -> bool:
        return bool(self._waiting or self._to_name)

    @property
    def needs_call(self) -> bool:
        """Whether a call must be open: something is to be sent, or the bridge must know who produces a topic."""
        return bool(self.unacknowledged or self._named)

    def has_room(self, size: int) -> bool:
        """What is larger than the bound goes in when nothing else is there."""
        full = self.unacknowledged >= self._max_events or self._bytes + size > self._max_bytes
        return not full or self.unacknowledged == 0

    def add(self, entry: Entry) -> None:
        self._waiting.append(entry)
        self._bytes += entry.size
        self.added += 1

    def restart(self) -> None:
        """A new call: what the last one did not acknowledge goes first, in the old order."""
        for request in reversed(self._sent):
            self._waiting.extendleft(reversed(request))
        self._sent.clear()
        self._acknowledged = 0
        self._topic = ""
        self._before = self.totals
        # The bridge takes this call for their producer then, or they would fail under ON_ABORT_FAIL.
        self._to_name = deque(self._named)

    def next_request(self) -> Optional[PublishWithFeedbackRequest]:
        """What waits first, as many entries as one request may have. None: nothing waits."""
        if self._to_name:
            topic, entries = self._to_name.popleft(), []
        elif self._waiting:
            topic = self._waiting[0].topic
            entries = take_batch(self._waiting)
        else:
            return None
        request = PublishWithFeedbackRequest(
            topic="" if topic == self._topic else topic,
            events=[entry.event for entry in entries if entry.event is not None],
            end=entries[-1].end if entries else None,
            on_abort=self._on_abort,
        )
        self._topic = topic
        self._sent.append(entries)
        self._remember(topic, ended=request.HasField("end"))
        return request

    def acknowledge(self, ack: Ack) -> None:
        while self._acknowledged < ack.requests:
            for entry in self._sent.popleft():
                self._bytes -= entry.size
                self.settled += 1
            self._acknowledged += 1
        self.totals = Totals(
            self._before.accepted + ack.accepted,
            self._before.duplicates + ack.duplicates,
            ack.last_cursor or self._before.last_cursor,
        )

    def stored(self, events: int) -> None:
        """The call that was refused stored so many events, whatever of them was acknowledged."""
        accepted = max(self.totals.accepted, self._before.accepted + events)
        self.totals = Totals(accepted, self.totals.duplicates, self.totals.last_cursor)

    def find(self, request: int, event: Optional[int]) -> Tuple[str, Optional[Event]]:
        """The topic and the event at such a place of the call, as errors name it."""
        index = request - self._acknowledged
        if not 0 <= index < len(self._sent) or not self._sent[index]:
            return "", None
        entries = self._sent[index]
        found = entries[event].event if event is not None and event < len(entries) else None
        return entries[0].topic, found

    def _remember(self, topic: str, ended: bool) -> None:
        self._named.pop(topic, None)
        if not ended:
            self._named[topic] = None
        if len(self._named) > MAX_NAMED:
            del self._named[next(iter(self._named))]
