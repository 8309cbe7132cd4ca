from __future__ import annotations

import re
from typing import Iterator

import grpc
import pytest
import sluice
from sluice import Publisher
from support import Bridge


def test_an_event_that_breaks_a_rule_names_the_field_and_the_event(bridge: Bridge) -> None:
    publisher = Publisher(bridge.grpc)
    publisher.publish("bad", "fine")
    publisher.flush()
    publisher.publish("bad", sluice.Event(id="x", type="a\nb"))
    with pytest.raises(sluice.InvalidEventError) as raised:
        publisher.flush()
    error = raised.value
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert (error.accepted, error.duplicates, error.unacknowledged) == (1, 0, 1)
    (violation,) = error.violations
    assert re.fullmatch(r"requests\[\d+\]\.events\[\d+\]\.type", violation.field)
    assert violation.description and violation.topic == "bad"
    assert violation.event == sluice.Event(id="x", type="a\nb")


def test_an_error_says_how_much_was_accepted_before_it_however_much_is_on_its_way(bridge: Bridge) -> None:
    for turn in range(10):
        publisher = Publisher(bridge.grpc)
        with pytest.raises(sluice.InvalidEventError) as raised:
            for n in range(3000):
                publisher.publish(f"way.{turn}", "[DONE]" if n == 1000 else str(n))
            publisher.close()
        accepted = raised.value.accepted
        assert 1000 - 63 <= accepted <= 1000  # a request is whole
        with pytest.raises(sluice.InvalidEventError):
            publisher.close()
        with Publisher(bridge.grpc) as other:
            other.end(f"way.{turn}")
        assert [event.data for event in bridge.events(f"way.{turn}")[:-1]] == [str(n) for n in range(accepted)]


def test_a_final_error_is_raised_by_everything_that_follows(bridge: Bridge) -> None:
    publisher = Publisher(bridge.grpc)
    publisher.publish("no spaces", "x")
    with pytest.raises(sluice.InvalidEventError) as raised:
        publisher.flush()
    for call in (
        lambda: publisher.publish("fine", "x"),
        lambda: publisher.end("fine"),
        lambda: publisher.fail("fine", 1, ""),
        publisher.flush,
        lambda: publisher.stream("fine", ["x"]),
        publisher.close,
    ):
        with pytest.raises(sluice.InvalidEventError) as again:
            call()
        assert again.value is raised.value


def test_leaving_the_block_raises_what_nobody_waited_for(bridge: Bridge) -> None:
    with pytest.raises(sluice.InvalidEventError):
        with Publisher(bridge.grpc) as publisher:
            publisher.publish("sluice.own", "x")


def test_publish_that_waits_for_room_is_told(bridge: Bridge) -> None:
    publisher = Publisher(bridge.grpc, buffer_events=2)
    with pytest.raises(sluice.InvalidEventError):
        for _ in range(100):
            publisher.publish("room", "[DONE]")


def test_a_topic_that_has_ended_takes_nothing_new(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        publisher.end("ended")
    publisher = Publisher(bridge.grpc)
    publisher.publish("ended", "late")
    with pytest.raises(sluice.TopicEndedError) as raised:
        publisher.close()
    assert raised.value.unacknowledged == 1


def test_an_event_that_is_too_large_names_the_limit(bridge: Bridge) -> None:
    publisher = Publisher(bridge.grpc)
    publisher.publish("large", "x" * (2 << 20))
    with pytest.raises(sluice.LimitExceededError, match="max_event_bytes"):
        publisher.close()


def test_an_error_of_the_block_is_not_hidden_and_what_was_published_is_stored(bridge: Bridge) -> None:
    with pytest.raises(ZeroDivisionError):
        with Publisher(bridge.grpc) as publisher:
            publisher.publish("block", "x")
            publisher.end("block")
            1 / 0
    assert [event.data for event in bridge.events("block")] == ["x", "[DONE]"]


def test_a_closed_publisher_takes_nothing(bridge: Bridge) -> None:
    publisher = Publisher(bridge.grpc)
    publisher.publish("closed", "x")
    publisher.close()
    with pytest.raises(sluice.PublisherClosedError):
        publisher.publish("closed", "y")


def test_a_cancelled_publisher_closes_with_what_was_stored(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        publisher.publish("cancelled", "x")
        publisher.flush()
        publisher.cancel()
        with pytest.raises(sluice.PublisherClosedError):
            publisher.publish("cancelled", "y")
    assert publisher.close().accepted == 1


def test_what_is_no_event_is_refused_at_once(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        with pytest.raises(TypeError):
            publisher.publish("type", 7)  # type: ignore[arg-type]


def test_a_plain_call_has_typed_errors(bridge: Bridge) -> None:
    with grpc.insecure_channel(bridge.grpc) as channel:
        with pytest.raises(sluice.InvalidEventError) as raised:
            sluice.publish(channel, "plain.bad", (event for event in ("a", "b", "[DONE]")))
    assert raised.value.accepted == 2
    assert raised.value.violations[0].field == "requests[2].events[0].text"


def test_a_plain_call_publishes_as_items_come(bridge: Bridge) -> None:
    with grpc.insecure_channel(bridge.grpc) as channel:
        response = sluice.publish(channel, "plain.items", (str(n) for n in range(100)), end=True)
    assert (response.accepted, response.duplicates) == (100, 0)
    assert [event.data for event in bridge.events("plain.items")[:-1]] == [str(n) for n in range(100)]


def test_an_error_of_the_items_of_a_plain_call_comes_through(bridge: Bridge) -> None:
    def items() -> Iterator[str]:
        yield "x"
        raise LookupError("here")

    with grpc.insecure_channel(bridge.grpc) as channel:
        with pytest.raises(LookupError, match="here"):
            sluice.publish(channel, "plain.fails", items())


def test_a_plain_call_has_a_deadline() -> None:
    with grpc.insecure_channel("127.0.0.1:9") as channel:
        with pytest.raises(sluice.PublishError) as raised:
            sluice.publish(channel, "t", ["x"], timeout=5)
    assert raised.value.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
