"""Publishing in one call of asyncio that is tried once."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterable, Coroutine, Iterable, Optional, Tuple, Union

import grpc
import grpc.aio

from sluice._errors import Metadata, error_of_call
from sluice._events import Item, to_event
from sluice._plain import request, requests
from sluice.v1.event_pb2 import End, OnAbort
from sluice.v1.publisher_service_pb2 import PublishResponse
from sluice.v1.publisher_service_pb2_grpc import PublisherServiceStub

Status = Tuple[grpc.StatusCode, Optional[str], Any]
AnyIterable = Union[AsyncIterable[Item], Iterable[Item]]

_OF_A_WRITE = "Internal error from Core"


async def publish(
    channel: grpc.aio.Channel,
    topic: str,
    events: AnyIterable,
    *,
    end: bool = False,
    on_abort: OnAbort = OnAbort.ON_ABORT_UNSPECIFIED,
    timeout: Optional[float] = None,
    metadata: Optional[Metadata] = None,
) -> PublishResponse:
    """sluice.publish for asyncio; `events` may be an asynchronous iterable."""
    call: Any = PublisherServiceStub(channel).Publish(timeout=timeout, metadata=metadata)
    status = StatusOf(call)
    try:
        try:
            if isinstance(events, AsyncIterable):
                async for event in events:
                    await call.write(request(topic, on_abort, [to_event(event)]))
                if end:
                    await call.write(request(topic, on_abort, [], End()))
            else:
                for message in requests(topic, events, end, on_abort):
                    await call.write(message)
            await call.done_writing()
        except asyncio.InvalidStateError:
            if not call.done():
                raise
        response: PublishResponse = await call
        return response
    except grpc.aio.AioRpcError as error:
        raise error_of_call(*await status.get()) from error
    except BaseException:
        call.cancel()
        raise


class StatusOf:
    """The status that a call ends with.

    When a write meets the end of its call, grpc.aio (1.76) puts an INTERNAL of its own in place of the bridge's status,
    or has it until that comes; so the first one counts, unless it is that INTERNAL.
    """

    def __init__(self, call: Any) -> None:
        self._first: Optional[Status] = None
        self._call = call
        call.add_done_callback(self._on_done)

    async def get(self) -> Status:
        status: Status = await self._call.code(), await self._call.details(), await self._call.trailing_metadata()
        if self._first is not None and self._first[1] != _OF_A_WRITE:
            return self._first
        for delay in (0, 0.01, 0.1, 1):
            if status[1] != _OF_A_WRITE:
                break
            await asyncio.sleep(delay)
            status = await self._call.code(), await self._call.details(), await self._call.trailing_metadata()
        return status

    def _on_done(self, call: Any) -> None:
        if self._first is None:
            self._first = _ready(call.code()), _ready(call.details()), _ready(call.trailing_metadata())


def _ready(value: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that has nothing to wait for."""
    try:
        value.send(None)
    except StopIteration as returned:
        return returned.value
    raise AssertionError("a call that is done has its status")
