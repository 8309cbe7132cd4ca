"""A job that tells a page how far it is: python countdown.py [HOST:PORT] [TOPIC]

Open http://localhost:8080/v1/topics/countdown/events, or `sluice sub countdown`, before or after.
"""

import asyncio
import sys
from typing import AsyncIterator

import sluice
from sluice.aio import AsyncPublisher


async def steps(count: int) -> AsyncIterator[sluice.Event]:
    for left in range(count, 0, -1):
        yield sluice.json_event({"left": left}, type="progress")
        await asyncio.sleep(0.2)
    yield sluice.Event(text="lift-off")


async def main(target: str = "localhost:50051", topic: str = "countdown") -> None:
    # If this program is killed, readers are told that the topic has failed.
    async with AsyncPublisher(target, on_abort=sluice.ON_ABORT_FAIL, give_up_after=10) as publisher:
        streamed = await publisher.stream(topic, steps(10))
    stopped = f", a reader asked to stop: {streamed.stop.reason}" if streamed.stop else ""
    print(f"{streamed.events} events{stopped}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
