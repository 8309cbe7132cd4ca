"""sluice.aio: what is not shared with the publisher for threads."""

from __future__ import annotations

import asyncio
import random
from typing import Any, AsyncIterator, Callable, Coroutine, Iterator, List, TypeVar

import grpc
import grpc.aio
import pytest
import sluice
from sluice import _session
from sluice.aio import AsyncPublisher, Feedback, publish
from support import DEADLINE, SEED, Bridge, Proxy, Reader, until

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(main, DEADLINE))


async def in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)


def test_what_is_published_is_read_in_order_through_a_small_buffer(bridge: Bridge) -> None:
    async def main() -> sluice.Totals:
        async with AsyncPublisher(bridge.grpc, buffer_events=5) as publisher:
            for n in range(1000):
                await publisher.publish("aio.order", str(n))
                assert publisher._session.outbox.unacknowledged <= 5
            await publisher.end("aio.order")
            await publisher.flush()
            assert publisher._session.outbox.unacknowledged == 0
            return await publisher.close()

    assert run(main()).accepted == 1000
    assert [event.data for event in bridge.events("aio.order")] == [*map(str, range(1000)), "[DONE]"]


def test_an_unused_publisher_closes(bridge: Bridge) -> None:
    async def main() -> sluice.Totals:
        return await AsyncPublisher(bridge.grpc).close()

    assert run(main()) == sluice.Totals()


def test_feedback_is_an_iterator_until_the_publisher_is_closed(bridge: Bridge) -> None:
    told: List[Feedback] = []

    async def listen(publisher: AsyncPublisher) -> None:
        async for message in publisher.feedback():
            told.append(message)

    async def main() -> None:
        async with AsyncPublisher(bridge.grpc) as publisher:
            listener = asyncio.ensure_future(listen(publisher))
            await asyncio.sleep(0)  # it listens from its first step on
            await publisher.publish("aio.feedback", "x")
            await in_thread(lambda: bridge.stop("aio.feedback", "enough"))
            await in_thread(lambda: until(lambda: len(told) == 2, "interest and stop"))
        await listener

    run(main())
    assert told == [sluice.Interest(topic="aio.feedback"), sluice.Stop(topic="aio.feedback", reason="enough")]


def test_a_stream_of_asynchronous_items_completes(bridge: Bridge) -> None:
    async def items() -> AsyncIterator[str]:
        for word in ("one", "two"):
            await asyncio.sleep(0)
            yield word

    async def main() -> None:
        async with AsyncPublisher(bridge.grpc) as publisher:
            assert await publisher.stream("aio.stream", items()) == (2, None)
            assert await publisher.stream("aio.list", ["three"]) == (1, None)

    run(main())
    assert [event.data for event in bridge.events("aio.stream")] == ["one", "two", "[DONE]"]
    assert [event.data for event in bridge.events("aio.list")] == ["three", "[DONE]"]


def test_a_stream_fails_with_its_items(bridge: Bridge) -> None:
    async def items() -> AsyncIterator[str]:
        yield "one"
        raise ValueError("no more")

    async def main() -> None:
        async with AsyncPublisher(bridge.grpc) as publisher:
            with pytest.raises(ValueError, match="no more"):
                await publisher.stream("aio.fails", items())

    run(main())
    assert bridge.events("aio.fails")[1].data == '{"code":"UNKNOWN","message":"no more"}'


def test_a_stop_interrupts_an_item_that_is_waited_for(bridge: Bridge) -> None:
    closed: List[str] = []

    async def items() -> AsyncIterator[str]:
        try:
            yield "one"
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            closed.append("cancelled")
            raise

    async def main() -> None:
        async with AsyncPublisher(bridge.grpc) as publisher:
            stream = asyncio.ensure_future(publisher.stream("aio.stopped", items()))
            await in_thread(lambda: bridge.stop("aio.stopped", "enough"))
            assert await stream == (1, sluice.Stop(topic="aio.stopped", reason="enough"))

    run(main())
    assert closed == ["cancelled"]
    assert [event.data for event in bridge.events("aio.stopped")] == ["one", "[DONE]"]


def test_a_stream_whose_task_is_cancelled_fails(bridge: Bridge) -> None:
    async def items() -> AsyncIterator[str]:
        yield "one"
        await asyncio.Event().wait()

    async def main() -> None:
        async with AsyncPublisher(bridge.grpc) as publisher:
            stream = asyncio.ensure_future(publisher.stream("aio.cancelled", items()))
            reader = Reader(bridge, "/v1/topics/aio.cancelled/events")
            await in_thread(lambda: until(lambda: reader.received, "the first item"))
            stream.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stream

    run(main())
    assert bridge.events("aio.cancelled")[1].data == '{"code":"CANCELLED","message":"CancelledError"}'


def test_a_final_error_is_raised_by_everything_that_follows(bridge: Bridge) -> None:
    async def main() -> None:
        publisher = AsyncPublisher(bridge.grpc)
        await publisher.publish("aio.bad", sluice.Event(type="open"))
        with pytest.raises(sluice.InvalidEventError) as raised:
            await publisher.flush()
        assert raised.value.violations[0].event is not None
        for call in (
            publisher.publish("fine", "x"),
            publisher.flush(),
            publisher.stream("fine", ["x"]),
            publisher.close(),
        ):
            with pytest.raises(sluice.InvalidEventError):
                await call

    run(main())


def test_an_error_is_that_of_the_bridge_however_much_is_being_written(bridge: Bridge) -> None:
    async def main(turn: int) -> None:
        publisher = AsyncPublisher(bridge.grpc)
        with pytest.raises(sluice.InvalidEventError) as raised:
            for n in range(3000):
                await publisher.publish(f"aio.way.{turn}", "[DONE]" if n == 1000 else str(n))
                if n % 16 == 0:
                    await asyncio.sleep(0)
            await publisher.close()
        assert 1000 - 63 <= raised.value.accepted <= 1000
        with pytest.raises(sluice.InvalidEventError):
            await publisher.close()

    for turn in range(10):
        run(main(turn))


def test_a_wait_that_is_cancelled_loses_nothing(bridge: Bridge) -> None:
    async def main() -> sluice.Totals:
        with Proxy(bridge) as proxy:
            publisher = AsyncPublisher(proxy.target, buffer_events=1)
            proxy.mute = True
            await publisher.publish("aio.timeout", "one")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(publisher.publish("aio.timeout", "never"), 0.05)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(publisher.close(), 0.05)
            proxy.mute = False
            proxy.cut()
            return await publisher.close()

    totals = run(main())
    assert totals.accepted + totals.duplicates == 1


def test_it_gives_up() -> None:
    async def main() -> None:
        publisher = AsyncPublisher("127.0.0.1:9", give_up_after=0.3)
        await publisher.publish("nobody", "x")
        with pytest.raises(sluice.GaveUpError, match="1 events are not acknowledged"):
            await publisher.close()

    run(main())


def test_cancel_drops_what_is_not_acknowledged() -> None:
    async def main() -> None:
        async with AsyncPublisher("127.0.0.1:9") as publisher:
            await publisher.publish("nobody", "x")
            await publisher.cancel()
            with pytest.raises(sluice.PublisherClosedError):
                await publisher.publish("nobody", "y")

    run(main())


def test_connections_that_are_cut_anywhere_lose_and_double_nothing(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_session, "LAST_DELAY", 0.1)
    print("SLUICE_SEED =", SEED)
    dice = random.Random(SEED)
    count = 3000

    async def main() -> sluice.Totals:
        with Proxy(bridge) as proxy:
            proxy.cut_after = lambda: dice.randrange(500, 40_000) if proxy.connections < 40 else None
            async with AsyncPublisher(proxy.target, buffer_events=200) as publisher:
                for n in range(count):
                    await publisher.publish("aio.cut", f"{n} {'x' * dice.randrange(300)}")
                await publisher.end("aio.cut")
                totals = await publisher.close()
            assert proxy.connections > 5
            return totals

    totals = run(main())
    assert totals.accepted + totals.duplicates == count
    assert [int(event.data.split()[0]) for event in bridge.events("aio.cut")[:-1]] == list(range(count))


def test_after_a_bridge_was_killed_everything_that_follows_is_there_once() -> None:
    async def main(bridge: Bridge) -> int:
        async with AsyncPublisher(bridge.grpc) as publisher:
            await publisher.publish("aio.killed", "before")
            await publisher.flush()
            await in_thread(bridge.kill)
            for n in range(500):
                await publisher.publish("aio.killed", str(n))
            await publisher.end("aio.killed")
            await in_thread(bridge.start)
            return (await publisher.close()).accepted

    with Bridge() as bridge:
        assert run(main(bridge)) == 501
        assert [event.data for event in bridge.events("aio.killed")] == [*map(str, range(500)), "[DONE]"]


def test_a_plain_call_takes_asynchronous_and_other_items(bridge: Bridge) -> None:
    async def items() -> AsyncIterator[str]:
        for n in range(10):
            yield str(n)

    async def main() -> None:
        async with grpc.aio.insecure_channel(bridge.grpc) as channel:
            assert (await publish(channel, "aio.plain", items())).accepted == 10
            assert (await publish(channel, "aio.plain", [str(n) for n in range(10, 500)], end=True)).accepted == 490

    run(main())
    assert [event.data for event in bridge.events("aio.plain")[:-1]] == [str(n) for n in range(500)]


def test_a_plain_call_has_typed_errors_and_those_of_its_items(bridge: Bridge) -> None:
    def items() -> Iterator[str]:
        yield "x"
        raise LookupError("here")

    async def endless() -> AsyncIterator[str]:
        yield "[DONE]"
        while True:
            await asyncio.sleep(0)
            yield "more"

    async def main() -> None:
        async with grpc.aio.insecure_channel(bridge.grpc) as channel:
            with pytest.raises(LookupError, match="here"):
                await publish(channel, "aio.plain.items", items())
            with pytest.raises(sluice.InvalidEventError) as raised:
                await publish(channel, "aio.plain.bad", endless())
            assert raised.value.violations[0].field == "requests[0].events[0].text"

    run(main())
