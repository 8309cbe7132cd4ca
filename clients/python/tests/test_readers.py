"""Back ends that read over HTTP, with httpx-sse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Dict, Generator, List, Optional

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse
from support import DEADLINE, Bridge

from sluice import Publisher

# Of silence on the connection, in seconds.
PATIENCE = 2.5


def read(
    bridge: Bridge, topic: str, last_id: Optional[str] = None, heartbeat: Optional[int] = None
) -> Generator[ServerSentEvent, None, None]:
    """What httpx-sse makes of one connection."""
    headers: Dict[str, str] = {"Last-Event-ID": last_id} if last_id else {}
    query = {"heartbeat": str(heartbeat)} if heartbeat else {}
    url = f"http://{bridge.http}/v1/topics/{topic}/events"
    with httpx.Client(timeout=httpx.Timeout(DEADLINE, read=PATIENCE)) as client:
        with connect_sse(client, "GET", url, headers=headers, params=query) as source:
            yield from source.iter_sse()


def test_it_reads_events_to_the_end(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        publisher.publish("httpx.whole", "first\nsecond line")
        publisher.publish("httpx.whole", "grüße")
        publisher.end("httpx.whole")
        publisher.flush()
    events = list(read(bridge, "httpx.whole"))
    assert [event.data for event in events] == ["first\nsecond line", "grüße", "[DONE]"]
    assert [event.event for event in events] == ["message"] * 3


def test_it_goes_on_behind_the_id_that_it_names(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        for number in range(10):
            publisher.publish("httpx.resume", str(number))
        publisher.end("httpx.resume")
        publisher.flush()
    seen: List[str] = []
    last_id: Optional[str] = None
    while not seen or seen[-1] != "[DONE]":
        connection = read(bridge, "httpx.resume", last_id)
        for _ in range(3):
            event = next(connection, None)
            if event is None:
                break
            seen.append(event.data)
            last_id = event.id
        connection.close()
    assert seen == [*map(str, range(10)), "[DONE]"]


def test_heartbeats_keep_it_from_timing_out(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher, ThreadPoolExecutor() as pool:
        publisher.publish("httpx.quiet", "before")
        publisher.flush()
        patient = read(bridge, "httpx.quiet", heartbeat=1)
        assert next(patient).data == "before"
        rest = pool.submit(lambda: [event.data for event in patient])
        # With heartbeats 15 s apart it takes silence for a lost connection.
        impatient = read(bridge, "httpx.quiet")
        assert next(impatient).data == "before"
        with pytest.raises(httpx.ReadTimeout):
            next(impatient)
        publisher.publish("httpx.quiet", "after")
        publisher.end("httpx.quiet")
        publisher.flush()
        assert rest.result(DEADLINE) == ["after", "[DONE]"]
