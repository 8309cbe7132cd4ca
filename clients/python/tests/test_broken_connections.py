"""Connections that are cut, silent or slow, and a bridge that is killed: nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
import threading
from typing import List

import pytest
import sluice
from sluice import Publisher, _session
from support import DEADLINE, SEED, Bridge, Proxy, Reader, until


def test_what_was_stored_but_not_acknowledged_is_a_duplicate(bridge: Bridge) -> None:
    with Proxy(bridge) as proxy, Publisher(proxy.target) as publisher:
        publisher.publish("unheard", "0")
        publisher.flush()
        proxy.mute = True
        for n in range(1, 100):
            publisher.publish("unheard", str(n))
        reader = Reader(bridge, "/v1/topics/unheard/events")
        until(lambda: len(reader.received) == 100, "all is stored")
        assert publisher._session.outbox.unacknowledged == 99
        proxy.mute = False
        proxy.cut()
        publisher.end("unheard")
        totals = publisher.close()
        assert (totals.accepted, totals.duplicates) == (1, 99)
        assert [event.data for event in reader.all()[:-1]] == [str(n) for n in range(100)]


def test_connections_that_are_cut_anywhere_lose_and_double_nothing(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_session, "LAST_DELAY", 0.1)
    print("SLUICE_SEED =", SEED)
    dice = random.Random(SEED)
    count = 3000
    with Proxy(bridge) as proxy:
        # Enough for HTTP/2 to begin, and then anywhere; the last connections live.
        proxy.cut_after = lambda: dice.randrange(500, 40_000) if proxy.connections < 40 else None
        with Publisher(proxy.target, buffer_events=200) as publisher:
            for n in range(count):
                publisher.publish("cut", f"{n} {'x' * dice.randrange(300)}")
            publisher.end("cut")
            totals = publisher.close()
    assert totals.accepted + totals.duplicates == count
    events = bridge.events("cut")
    assert [int(event.data.split()[0]) for event in events[:-1]] == list(range(count))
    assert proxy.connections > 5


def test_a_server_that_takes_nothing_keeps_the_buffer_bounded(bridge: Bridge) -> None:
    with Proxy(bridge) as proxy, Publisher(proxy.target, buffer_events=50) as publisher:
        publisher.publish("slow", "x")
        publisher.flush()
        proxy.deaf = True
        sent = 1
        with pytest.raises(TimeoutError):
            while True:
                publisher.publish("slow", "x" * 5000, timeout=0.2)
                sent += 1
        assert publisher._session.outbox.unacknowledged <= 50
        with pytest.raises(TimeoutError):
            publisher.flush(timeout=0.01)
        proxy.deaf = False
        totals = publisher.close()
        assert (totals.accepted, totals.duplicates) == (sent, 0)


def test_flow_control_of_a_slow_bridge_holds_a_fast_producer_to_its_bytes(bridge: Bridge) -> None:
    bound = 256 * 1024
    with Proxy(bridge) as proxy, Publisher(proxy.target, buffer_bytes=bound) as publisher:
        proxy.deaf = True
        done = threading.Event()

        def work() -> None:
            for _ in range(200):
                publisher.publish("bytes", "x" * 10_000)
            done.set()

        worker = threading.Thread(target=work)
        worker.start()
        until(lambda: publisher._session.outbox._bytes > bound - 11_000, "the buffer is full")
        assert publisher._session.outbox._bytes <= bound and not done.is_set()
        proxy.deaf = False
        worker.join(DEADLINE)
        assert publisher.close().accepted == 200


def test_it_gives_up_and_says_how_much_is_lost() -> None:
    publisher = Publisher("127.0.0.1:9", give_up_after=0.5)
    for n in range(3):
        publisher.publish("nobody", str(n))
    with pytest.raises(sluice.GaveUpError, match="3 events are not acknowledged; last: UNAVAILABLE") as raised:
        publisher.flush()
    assert raised.value.unacknowledged == 3
    with pytest.raises(sluice.GaveUpError):
        publisher.publish("nobody", "more")


def test_a_publisher_waits_for_a_bridge_that_is_not_there_yet() -> None:
    with Bridge() as bridge:
        bridge.kill()
        publisher = Publisher(bridge.grpc)
        publisher.publish("early", "x")
        publisher.end("early")
        until(lambda: publisher._session._failures >= 2, "some attempts")
        bridge.start()
        assert publisher.close().accepted == 1
        assert [event.data for event in bridge.events("early")] == ["x", "[DONE]"]


def test_a_topic_that_rests_while_the_connection_breaks_is_still_its_producers(bridge: Bridge) -> None:
    told: List[str] = []
    with Proxy(bridge) as proxy:
        with Publisher(
            proxy.target, on_abort=sluice.ON_ABORT_FAIL, on_stop=lambda topic, reason: told.append(reason)
        ) as publisher:
            publisher.publish("rests", "x")
            publisher.flush()
            proxy.cut()
            until(lambda: proxy.connections >= 2, "a new connection")
            bridge.stop("rests", "enough")
            until(lambda: told == ["enough"], "the stop")
            publisher.end("rests")
    assert [event.data for event in bridge.events("rests")] == ["x", "[DONE]"]


def test_a_topic_that_was_ended_elsewhere_meanwhile_is_no_error_until_it_is_used(bridge: Bridge) -> None:
    with Proxy(bridge) as proxy:
        with Publisher(proxy.target) as publisher:
            publisher.publish("elsewhere", "x")
            publisher.flush()
            assert bridge.request("POST", "/v1/topics/elsewhere/end")[0] == 200
            proxy.cut()
            publisher.publish("another", "y")
            assert publisher.close().accepted == 2


@pytest.mark.parametrize(
    "path, reason", [("/v1/events?topic=killed", "epoch_changed"), ("/v1/topics/killed/events", "unknown_id")]
)
def test_after_a_bridge_was_killed_readers_are_told_the_gap_and_get_all_that_follows(path: str, reason: str) -> None:
    count = 2000
    with (
        Bridge("--retention_events=100000", "--retry=100ms") as bridge,
        Publisher(bridge.grpc, buffer_events=100) as publisher,
    ):
        reader = Reader(bridge, path)
        until(lambda: reader.joined, "the reader")

        killed = threading.Event()

        def work() -> None:
            for n in range(count):
                if n == count // 2:
                    assert killed.wait(DEADLINE)  # or all would be there before
                publisher.publish("killed", str(n))
            publisher.end("killed")

        worker = threading.Thread(target=work)
        worker.start()
        until(lambda: len(reader.received) > count // 4, "half of the first half")
        bridge.kill()
        killed.set()
        until(lambda: publisher._session._failures, "the call is broken")
        acknowledged = publisher._session.outbox.settled
        bridge.start()
        worker.join(DEADLINE)
        totals = publisher.close()
        received = reader.all()

    assert totals.accepted + totals.duplicates == count
    gap = next(index for index, event in enumerate(received) if event.type == "sluice.gap")
    assert f'"reason":"{reason}"' in received[gap].data
    assert [event.data for event in received[:gap]] == [str(n) for n in range(gap)]
    behind = [event.data for event in received[gap + 1 :] if event.type != "sluice.ended"]
    assert behind == [*(str(n) for n in range(acknowledged, count)), "[DONE]"]
