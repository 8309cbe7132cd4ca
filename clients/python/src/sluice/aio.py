"""Publishing from tasks: what `sluice` has for threads, for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from types import TracebackType
from typing import (
    Any,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
    Union,
)

import grpc
import grpc.aio

from sluice import _session
from sluice._aio_plain import AnyIterable, Status, StatusOf, publish
from sluice._errors import PublisherClosedError, SluiceError
from sluice._events import Item, failure, failure_of
from sluice._outbox import Entry, Totals
from sluice._publisher import Streamed
from sluice._session import MethodMetadata, Session
from sluice.v1.event_pb2 import End, OnAbort
from sluice.v1.publisher_service_pb2 import Interest, Stop
from sluice.v1.publisher_service_pb2_grpc import PublisherServiceStub

__all__ = ["AsyncPublisher", "Feedback", "publish"]

_log = logging.getLogger("sluice")

Feedback = Union[Interest, Stop]


class AsyncPublisher:
    """sluice.Publisher for asyncio, with the same options and rules; to be used in one event loop.

    What readers do comes from `feedback()` instead of callbacks. Deadlines are asyncio's: a `publish` that is cancelled
    has published nothing, a `flush` or `close` that is cancelled can be called again.
    """

    def __init__(
        self,
        target: Union[str, grpc.aio.Channel],
        *,
        credentials: Optional[grpc.ChannelCredentials] = None,
        channel_options: Optional[Sequence[Tuple[str, Any]]] = None,
        metadata: MethodMetadata = None,
        on_abort: OnAbort = OnAbort.ON_ABORT_UNSPECIFIED,
        buffer_events: int = _session.DEFAULT_BUFFER_EVENTS,
        buffer_bytes: int = _session.DEFAULT_BUFFER_BYTES,
        give_up_after: float = _session.DEFAULT_GIVE_UP_AFTER,
    ) -> None:
        self._session = Session(
            on_abort=on_abort, buffer_events=buffer_events, buffer_bytes=buffer_bytes, give_up_after=give_up_after
        )
        self._target = target
        self._credentials = credentials
        self._options = _session.channel_options(channel_options)
        self._metadata = metadata
        self._own_channel: Optional[grpc.aio.Channel] = None
        self._call: Any = None
        self._worker: Optional[asyncio.Task[None]] = None
        self._waiters: Set[asyncio.Future[None]] = set()
        self._listeners: List[asyncio.Queue[Optional[Feedback]]] = []

    async def publish(self, topic: str, event: Item) -> str:
        """Publishes a text or an Event and returns its id, one of ours if it has none; waits while there is no room."""
        entry = self._session.event(topic, event)
        await self._put(entry)
        assert entry.event is not None
        return entry.event.id

    async def end(self, topic: str) -> None:
        """Completes a topic. Nothing can be published to it afterwards."""
        await self._put(self._session.end(topic, End()))

    async def fail(self, topic: str, code: Union[int, grpc.StatusCode], message: str) -> None:
        """Ends a topic with an error that its readers are told."""
        await self._put(self._session.end(topic, failure(code, message)))

    async def stream(self, topic: str, items: AnyIterable, *, stoppable: bool = True) -> Streamed:
        """Publishes each item, ends the topic, and returns when all that is stored.

        If an item cannot be had or is no event, the topic fails with that error, which is raised again; so it does if
        the task is cancelled. If a reader asks to stop, an item that is being waited for is cancelled and the topic is
        completed, unless `stoppable` is false.
        """
        streaming = self._session.streaming
        streaming[topic] = None
        source = _iterate(items)
        events = 0
        try:
            try:
                while (item := await self._next(source, topic, stoppable)) is not None:
                    await self.publish(topic, item)
                    events += 1
                await self.end(topic)
            except BaseException as error:
                with contextlib.suppress(SluiceError):  # which later calls will say again
                    await self._fail_stream(topic, error)
                raise
            await self.flush()
            return Streamed(events, streaming[topic] if stoppable else None)
        finally:
            streaming.pop(topic, None)
            aclose = getattr(source, "aclose", None)
            if aclose is not None:
                await aclose()

    async def flush(self) -> None:
        """Waits until everything so far is stored."""
        goal = self._session.outbox.added
        await self._wait(lambda: self._session.outbox.settled >= goal)

    async def feedback(self) -> AsyncIterator[Feedback]:
        """Interest and Stop messages from now on, until the publisher is closed."""
        queue: asyncio.Queue[Optional[Feedback]] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            while not self._session.finished:
                feedback = await queue.get()
                if feedback is None:
                    return
                yield feedback
        finally:
            self._listeners.remove(queue)

    async def close(self) -> Totals:
        """Waits until everything is stored, and tells how much that was. May be called again."""
        self._session.close()
        self._notify()
        try:
            await self._wait(lambda: self._session.outbox.unacknowledged == 0)
        except PublisherClosedError:
            pass  # cancelled before
        except SluiceError:
            await self._release()
            raise
        if self._worker is not None:
            # All is stored; a bridge that does not say good-bye is not waited for longer than for anything else.
            await asyncio.wait({self._worker}, timeout=self._session.give_up_after)
        await self._release()
        return self._session.outbox.totals

    async def cancel(self) -> None:
        """Closes at once and drops what is not acknowledged. Topics under ON_ABORT_FAIL will fail."""
        self._session.cancel()
        await self._release()

    async def __aenter__(self) -> AsyncPublisher:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if error is None:
            await self.close()
        elif isinstance(error, Exception) and error is not self._session.error:
            await self.close()  # what was published before the error is not lost with it
        else:
            with contextlib.suppress(SluiceError, asyncio.TimeoutError):
                await asyncio.wait_for(self.close(), _session.HURRY)
            await self.cancel()

    async def _put(self, entry: Entry) -> None:
        self._session.check_open()
        await self._wait(lambda: self._session.outbox.has_room(entry.size))
        self._session.check_open()
        self._add(entry)

    def _add(self, entry: Entry) -> None:
        self._session.add(entry)
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._work())
        self._notify()

    async def _next(self, source: AsyncIterator[Item], topic: str, stoppable: bool) -> Optional[Item]:
        """The next item; None: there is none, or a reader asked to stop."""
        streaming = self._session.streaming
        if stoppable and streaming[topic]:
            return None
        item = asyncio.ensure_future(_next_or_none(source))
        try:
            while not item.done() and not (stoppable and streaming[topic]):
                either: Set[asyncio.Future[Any]] = {item, self._change()}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                self._session.check()
        finally:
            if not item.done():
                item.cancel()
                await asyncio.wait({item})
        return None if item.cancelled() else item.result()

    async def _fail_stream(self, topic: str, error: BaseException) -> None:
        self._session.check_open()
        self._add(self._session.end(topic, failure_of(error)))  # small, and must not wait if the task is cancelled
        if isinstance(error, Exception):
            await self.flush()

    def _change(self) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(future)
        future.add_done_callback(self._waiters.discard)
        return future

    def _notify(self) -> None:
        for future in list(self._waiters):
            if not future.done():
                future.set_result(None)

    async def _wait(self, ready: Callable[[], bool]) -> None:
        while True:
            try:
                self._session.check()
            except SluiceError:
                self._stop()
                raise
            if ready():
                return
            changed = self._change()
            try:
                await asyncio.wait({changed}, timeout=max(0.0, self._session.patience()))
            finally:
                changed.cancel()

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._notify()

    async def _release(self) -> None:
        self._stop()
        if self._worker is not None:
            await asyncio.wait({self._worker})
        if self._own_channel is not None:
            await self._own_channel.close()

    def _stub(self) -> Any:
        if not isinstance(self._target, str):
            return PublisherServiceStub(self._target)
        if self._own_channel is None:
            if self._credentials is None:
                self._own_channel = grpc.aio.insecure_channel(self._target, options=self._options)
            else:
                self._own_channel = grpc.aio.secure_channel(self._target, self._credentials, options=self._options)
        return PublisherServiceStub(self._own_channel)

    async def _work(self) -> None:
        """The publisher's task: one call after the other."""
        while True:
            while not self._session.finished and not self._session.outbox.needs_call:
                await self._change()
            if self._session.finished:
                break
            try:
                status = await self._run_call()
            except Exception as error:  # of the caller's metadata, or a channel that the caller has closed
                _log.exception("the publisher could not make a call")
                status = grpc.StatusCode.UNKNOWN, repr(error), None
            self._call = None
            self._session.call_ended(*status)
            self._notify()
            deadline = asyncio.get_running_loop().time() + self._session.delay()
            while not self._session.finished and (left := deadline - asyncio.get_running_loop().time()) > 0:
                await asyncio.wait({self._change()}, timeout=left)
        for queue in self._listeners:
            queue.put_nowait(None)

    async def _run_call(self) -> Status:
        call = self._call = self._stub().PublishWithFeedback(metadata=_session.metadata_of(self._metadata))
        self._session.outbox.restart()
        status = StatusOf(call)
        writer = asyncio.ensure_future(self._write(call))
        try:
            async for response in call:
                self._receive(response)
        except grpc.RpcError:
            pass  # the status says the same
        except asyncio.CancelledError:
            if self._session.error is None and not self._session.finished:
                raise
        finally:
            writer.cancel()
            await asyncio.wait({writer})
        return await status.get()

    async def _write(self, call: Any) -> None:
        """Sends what waits, each request when gRPC has taken the one before."""
        try:
            while True:
                while not self._session.outbox.has_requests and not self._session.closing:
                    await self._change()
                message = self._session.next_request()
                if message is None:  # closing, and all is sent
                    await call.done_writing()
                    return
                await call.write(message)
        except (grpc.RpcError, asyncio.InvalidStateError):
            pass  # the call is over, as its reader sees

    def _receive(self, response: Any) -> None:
        feedback = self._session.receive(response)
        self._notify()
        if feedback is not None:
            for queue in self._listeners:
                queue.put_nowait(feedback)


def _iterate(items: AnyIterable) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        return items.__aiter__()
    return _from_iterable(items)


async def _from_iterable(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item


async def _next_or_none(source: AsyncIterator[Item]) -> Optional[Item]:
    try:
        return await source.__anext__()
    except StopAsyncIteration:
        return None
