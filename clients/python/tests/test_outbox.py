from __future__ import annotations

from typing import List

import grpc
import pytest
import sluice
from sluice._events import failure_of
from sluice._outbox import Entry, Outbox
from sluice._session import Session
from sluice.v1.event_pb2 import End, OnAbort
from sluice.v1.publisher_service_pb2 import Ack, PublishWithFeedbackRequest, PublishWithFeedbackResponse


def outbox(max_events: int = 1000, max_bytes: int = 1 << 20) -> Outbox:
    return Outbox(max_events, max_bytes, OnAbort.ON_ABORT_UNSPECIFIED)


def text(topic: str, data: str) -> Entry:
    return Entry(topic, event=sluice.Event(id=data[:8], text=data))


def requests(box: Outbox) -> List[PublishWithFeedbackRequest]:
    found = []
    while (request := box.next_request()) is not None:
        found.append(request)
    return found


def shape(box: Outbox) -> List[str]:
    return [
        f"{request.topic}:{','.join(event.text for event in request.events)}{'.' if request.HasField('end') else ''}"
        for request in requests(box)
    ]


def test_events_of_one_topic_share_a_request_and_an_end_closes_it() -> None:
    box = outbox()
    for entry in (
        text("a", "1"),
        text("a", "2"),
        text("b", "3"),
        Entry("b", end=End()),
        text("b", "4"),
        text("a", "5"),
    ):
        box.add(entry)
    assert shape(box) == ["a:1,2", "b:3.", ":4", "a:5"]
    assert shape(box) == []


def test_a_request_has_at_most_64_events_and_256_kib() -> None:
    box = outbox()
    for n in range(150):
        box.add(text("a", str(n)))
    assert [len(request.events) for request in requests(box)] == [64, 64, 22]
    for size in (100_000, 100_000, 100_000, 300_000, 10):
        box.add(text("a", "x" * size))
    assert [len(request.events) for request in requests(box)] == [2, 1, 1, 1]


def test_acknowledgements_are_cumulative_and_make_room() -> None:
    box = outbox(max_events=3)
    for n in range(3):
        box.add(text(f"t{n}", str(n)))
    assert not box.has_room(1)
    requests(box)
    box.acknowledge(Ack(requests=2, accepted=1, duplicates=1, last_cursor="c-2"))
    assert box.has_room(1) and box.unacknowledged == 1 and box.settled == 2
    box.acknowledge(Ack(requests=3, accepted=2, duplicates=1, last_cursor="c-3"))
    assert box.totals == sluice.Totals(2, 1, "c-3") and box.unacknowledged == 0


def test_what_is_larger_than_the_bound_goes_in_alone() -> None:
    box = outbox(max_bytes=100)
    assert box.has_room(1000)
    box.add(text("a", "x" * 1000))
    assert not box.has_room(1)


def test_a_new_call_names_the_topics_again_and_sends_the_rest_in_the_old_order() -> None:
    box = outbox()
    for entry in (text("a", "1"), text("b", "2"), Entry("b", end=End()), text("a", "3"), text("c", "4")):
        box.add(entry)
    for _ in range(3):
        box.next_request()
    box.acknowledge(Ack(requests=1, accepted=1))
    box.restart()
    assert shape(box) == ["a:", "b:2.", "a:3", "c:4"]
    box.acknowledge(Ack(requests=4, accepted=2, duplicates=1))
    assert box.totals == sluice.Totals(3, 1, "") and box.unacknowledged == 0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def session(clock: Clock) -> Session:
    return Session(on_abort=OnAbort.ON_ABORT_FAIL, buffer_events=10, buffer_bytes=1000, give_up_after=60, now=clock)


def acknowledged(requests: int) -> PublishWithFeedbackResponse:
    return PublishWithFeedbackResponse(ack=Ack(requests=requests, accepted=requests))


def test_patience_is_measured_from_the_last_acknowledgement() -> None:
    clock = Clock()
    publisher = session(clock)
    clock.now = 1000
    publisher.check()
    publisher.add(publisher.event("a", "1"))
    publisher.next_request()
    publisher.add(publisher.event("b", "2"))
    clock.now = 1059
    publisher.receive(acknowledged(1))
    clock.now = 1118
    publisher.check()
    clock.now = 1119
    publisher.call_ended(grpc.StatusCode.UNAVAILABLE, "nobody there", None)
    with pytest.raises(sluice.GaveUpError, match="gave up after 60 s .* 1 events .*; last: UNAVAILABLE: nobody there"):
        publisher.check()


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_statuses_of_broken_connections_are_tried_again_and_all_others_are_final(code: grpc.StatusCode) -> None:
    again = {"OK", "CANCELLED", "UNKNOWN", "INTERNAL", "UNAVAILABLE"}
    publisher = session(Clock())
    publisher.call_ended(code, "why", [("sluice-accepted", "7")])
    if code.name in again:
        publisher.check()
    else:
        with pytest.raises(sluice.PublishError, match=f"{code.name}: why") as raised:
            publisher.check()
        assert raised.value.accepted == 7


def test_delays_grow_to_five_seconds_and_an_acknowledgement_starts_over() -> None:
    publisher = session(Clock())
    delays = [publisher.delay() for _ in range(2000)]
    assert 0.05 <= delays[0] <= 0.1 and 0.1 <= delays[1] <= 0.2 and all(2.5 <= delay <= 5 for delay in delays[6:])
    publisher.add(publisher.event("a", "1"))
    publisher.next_request()
    publisher.receive(acknowledged(1))
    assert publisher.delay() <= 0.1


def test_every_request_says_what_an_abort_means() -> None:
    publisher = session(Clock())
    publisher.add(publisher.event("a", "1"))
    request = publisher.next_request()
    assert request is not None and request.on_abort == OnAbort.ON_ABORT_FAIL


@pytest.mark.parametrize("bound", [{"buffer_events": 0}, {"buffer_bytes": 0}, {"give_up_after": 0}])
def test_bounds_have_bounds(bound: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        sluice.Publisher("localhost:1", **bound)  # type: ignore[arg-type]


def test_an_errors_message_is_what_readers_can_be_told() -> None:
    assert failure_of(ValueError("bad \ud800")).error.message == "bad ?"
    assert failure_of(ValueError()).error.message == "ValueError"
    assert failure_of(sluice.GaveUpError(grpc.StatusCode.UNAVAILABLE, "x")).error.code == 14
    assert failure_of(GeneratorExit()).error.code == 1
