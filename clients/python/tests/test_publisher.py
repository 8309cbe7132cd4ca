from __future__ import annotations

import re
import threading
from typing import Any, Iterator, List, Tuple

import grpc
import pytest
import sluice
from sluice import Item, Publisher
from support import Bridge, Reader, until


def test_what_is_published_is_read_in_order(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        for n in range(1000):
            publisher.publish("order", str(n))
        publisher.end("order")
    assert [event.data for event in bridge.events("order")] == [*map(str, range(1000)), "[DONE]"]


def test_close_tells_how_much_was_stored(bridge: Bridge) -> None:
    publisher = Publisher(bridge.grpc)
    for n in range(300):
        publisher.publish("totals", sluice.Event(id=f"n{n % 100}", text="x"))
    totals = publisher.close()
    assert (totals.accepted, totals.duplicates) == (100, 200)
    assert re.fullmatch(r"[a-z2-7]{13}-\d+", totals.last_cursor)
    assert publisher.close() == totals


def test_a_publisher_that_was_not_used_closes(bridge: Bridge) -> None:
    assert Publisher(bridge.grpc).close() == sluice.Totals()


def test_every_event_has_an_id_and_the_callers_event_stays_as_it_is(bridge: Bridge) -> None:
    event = sluice.Event(text="x")
    with Publisher(bridge.grpc) as publisher:
        ids = [publisher.publish("ids", event), publisher.publish("ids", event)]
        ids.append(publisher.publish("ids", sluice.Event(id="mine", text="y")))
        publisher.end("ids")
    assert event == sluice.Event(text="x")
    assert [re.fullmatch(r"[0-9a-f]{16}\.\d", id) is not None for id in ids] == [True, True, False]
    assert [event.id for event in bridge.events("ids")[:-1]] == ids


def test_flush_waits_until_all_is_stored(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        for n in range(500):
            publisher.publish("flush", str(n))
        publisher.flush()
        status, page = bridge.request("GET", "/v1/topics/flush/history?last=1")
        assert status == 200 and b'"data":"499"' in page


def test_topics_may_alternate(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        for n in range(200):
            publisher.publish(f"turn.{n % 3}", str(n))
        for topic in range(3):
            publisher.end(f"turn.{topic}")
    for topic in range(3):
        assert [event.data for event in bridge.events(f"turn.{topic}")[:-1]] == [str(n) for n in range(topic, 200, 3)]


def test_threads_may_share_a_publisher(bridge: Bridge) -> None:
    def work(number: int) -> None:
        for n in range(200):
            publisher.publish(f"thread.{number}", str(n))
        publisher.end(f"thread.{number}")

    with Publisher(bridge.grpc, buffer_events=7) as publisher:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for number in range(4):
        assert [event.data for event in bridge.events(f"thread.{number}")[:-1]] == [str(n) for n in range(200)]


def test_many_events_go_through_a_small_buffer(bridge: Bridge) -> None:
    with Publisher(bridge.grpc, buffer_events=3, buffer_bytes=100) as publisher:
        for n in range(2000):
            publisher.publish("small", str(n))
            assert publisher._session.outbox.unacknowledged <= 3
        publisher.publish("small", "larger than the buffer " * 100)
        publisher.end("small")
        totals = publisher.close()
    assert totals.accepted == 2001
    assert [event.data for event in bridge.events("small")[:2000]] == [str(n) for n in range(2000)]


def test_a_topic_may_fail(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        publisher.fail("fails", grpc.StatusCode.DATA_LOSS, "no disk")
    failed, done = bridge.events("fails")
    assert (failed.type, failed.data) == ("error", '{"code":"DATA_LOSS","message":"no disk"}')
    assert done.data == "[DONE]"


def test_interest_tells_of_readers(bridge: Bridge) -> None:
    told: List[Tuple[str, int]] = []
    with Publisher(bridge.grpc, on_interest=lambda topic, count: told.append((topic, count))) as publisher:
        publisher.publish("interest", "x")
        until(lambda: told == [("interest", 0)], "nobody reads")
        reader = Reader(bridge, "/v1/topics/interest/events")
        until(lambda: told[1:] == [("interest", 1)], "somebody reads")
        publisher.end("interest")
        reader.all()


def test_a_reader_can_ask_to_stop(bridge: Bridge) -> None:
    told: List[Tuple[str, str]] = []
    with Publisher(bridge.grpc, on_stop=lambda topic, reason: told.append((topic, reason))) as publisher:
        publisher.publish("stop", "x")
        bridge.stop("stop", "enough")
        until(lambda: told == [("stop", "enough")], "the stop")


def test_a_callback_that_fails_stops_nothing(bridge: Bridge) -> None:
    def fail(topic: str, count: int) -> None:
        raise RuntimeError("callback")

    with Publisher(bridge.grpc, on_interest=fail) as publisher:
        publisher.publish("callback", "x")
        publisher.flush()
        publisher.publish("callback", "y")
        assert publisher.close().accepted == 2


def test_a_stream_is_published_and_completed(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        items: List[Item] = ["one", sluice.Event(type="two", text="2"), sluice.json_event([3])]
        assert publisher.stream("stream", items) == (3, None)
        events = bridge.events("stream")  # before close: all is stored
    assert [(event.type, event.data) for event in events] == [("", "one"), ("two", "2"), ("", "[3]"), ("", "[DONE]")]


@pytest.mark.parametrize("error, code", [(ValueError("no more"), "UNKNOWN"), (LookupError(), "UNKNOWN")])
def test_a_stream_fails_with_its_items(bridge: Bridge, error: Exception, code: str) -> None:
    topic = f"stream.{type(error).__name__}"

    def items() -> Iterator[str]:
        yield "one"
        raise error

    with Publisher(bridge.grpc) as publisher:
        with pytest.raises(type(error)) as raised:
            publisher.stream(topic, items())
        assert raised.value is error
        one, failed, done = bridge.events(topic)
    assert failed.data == f'{{"code":"{code}","message":"{str(error) or type(error).__name__}"}}'


def test_a_stream_fails_with_the_code_of_a_call_that_failed(bridge: Bridge) -> None:
    def items() -> Iterator[str]:
        yield "one"
        with grpc.insecure_channel(bridge.grpc) as channel:
            call: Any = channel.unary_unary("/nobody.Knows/This")
            call(b"")

    with Publisher(bridge.grpc) as publisher:
        with pytest.raises(grpc.RpcError):
            publisher.stream("stream.call", items())
    assert bridge.events("stream.call")[1].data.startswith('{"code":"UNIMPLEMENTED"')


def test_a_stream_fails_with_an_item_that_is_no_event(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        with pytest.raises(TypeError):
            publisher.stream("stream.type", ["one", 2])  # type: ignore[list-item]
    assert [event.type for event in bridge.events("stream.type")] == ["", "error", ""]


def test_a_stream_that_is_interrupted_fails(bridge: Bridge) -> None:
    def items() -> Iterator[str]:
        yield "one"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with Publisher(bridge.grpc, give_up_after=30) as publisher:
            publisher.stream("stream.interrupted", items())
    assert bridge.events("stream.interrupted")[1].data == '{"code":"CANCELLED","message":"KeyboardInterrupt"}'


def test_a_reader_stops_a_stream_which_completes(bridge: Bridge) -> None:
    closed = threading.Event()

    def items() -> Iterator[str]:
        try:
            yield "one"
            bridge.stop("stream.stopped", "seen enough")
            while True:
                yield "more"
        finally:
            closed.set()

    with Publisher(bridge.grpc, buffer_events=10) as publisher:
        streamed = publisher.stream("stream.stopped", items())
        assert streamed.stop is not None and streamed.stop.reason == "seen enough"
        assert closed.is_set()
        events = bridge.events("stream.stopped")
    assert len(events) == streamed.events + 1 and events[-1].data == "[DONE]"


def test_a_stream_may_refuse_to_stop(bridge: Bridge) -> None:
    stopped = threading.Event()

    def items() -> Iterator[str]:
        yield "one"
        bridge.stop("stream.stubborn", "enough")
        assert stopped.wait(60)
        yield "two"

    with Publisher(bridge.grpc, on_stop=lambda topic, reason: stopped.set()) as publisher:
        assert publisher.stream("stream.stubborn", items(), stoppable=False) == (2, None)
