"""Publishing from threads."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from types import TracebackType
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional, Sequence, Tuple, Type, Union

import grpc

from sluice import _session
from sluice._errors import Metadata, PublisherClosedError, SluiceError
from sluice._events import Item, failure, failure_of
from sluice._outbox import Entry, Totals
from sluice._session import MethodMetadata, Session
from sluice.v1.event_pb2 import End, OnAbort
from sluice.v1.publisher_service_pb2 import PublishWithFeedbackRequest, Stop
from sluice.v1.publisher_service_pb2_grpc import PublisherServiceStub

_log = logging.getLogger("sluice")


class Streamed(NamedTuple):
    """What became of an iterable of items."""

    events: int  # published
    stop: Optional[Stop]  # why not all of them: a reader's wish


class Publisher:
    """Publishes events so that each is stored once, whatever becomes of the connection.

    Thread-safe. `publish` puts an event into a buffer, and waits only while that is full; a thread of the publisher's
    sends what waits, keeps what is not acknowledged, and sends it again over a new call when one breaks. What the
    bridge refuses is final: it is raised by whatever waits and by every later call. As a context manager it closes
    itself, so leaving the block means that all is stored.

    target: `HOST:PORT` of the bridge, or a channel, which stays the caller's.
    credentials: of the channel; None: plain text.
    channel_options: gRPC's, over those of the publisher.
    metadata: of each call, such as a token; a function is asked again for every call.
    on_abort: what becomes of a topic whose producer is lost.
    on_interest(topic, subscribers), on_stop(topic, reason): called on the publisher's thread; they must not block.
    buffer_events, buffer_bytes: how much may be unacknowledged. An event above the bound goes alone.
    give_up_after: seconds without an acknowledgement while something waits for one.
    """

    def __init__(
        self,
        target: Union[str, grpc.Channel],
        *,
        credentials: Optional[grpc.ChannelCredentials] = None,
        channel_options: Optional[Sequence[Tuple[str, Any]]] = None,
        metadata: MethodMetadata = None,
        on_abort: OnAbort = OnAbort.ON_ABORT_UNSPECIFIED,
        on_interest: Optional[Callable[[str, int], object]] = None,
        on_stop: Optional[Callable[[str, str], object]] = None,
        buffer_events: int = _session.DEFAULT_BUFFER_EVENTS,
        buffer_bytes: int = _session.DEFAULT_BUFFER_BYTES,
        give_up_after: float = _session.DEFAULT_GIVE_UP_AFTER,
    ) -> None:
        self._session = Session(
            on_abort=on_abort, buffer_events=buffer_events, buffer_bytes=buffer_bytes, give_up_after=give_up_after
        )
        self._metadata = metadata
        self._on_interest = on_interest
        self._on_stop = on_stop
        self._changed = threading.Condition()  # guards the session and what follows
        self._calls = 0
        self._call: Any = None
        self._worker: Optional[threading.Thread] = None
        self._own_channel: Optional[grpc.Channel] = None
        if isinstance(target, str):
            self._own_channel = open_channel(target, credentials, channel_options)
        self._stub = PublisherServiceStub(self._own_channel or target)

    def publish(self, topic: str, event: Item, *, timeout: Optional[float] = None) -> str:
        """Publishes a text or an Event, after everything before it, and returns its id: one of ours if it has none.

        Waits while the buffer is full, for `timeout` seconds at most: then TimeoutError, and it is not published.
        """
        entry = self._session.event(topic, event)
        self._put(entry, timeout)
        assert entry.event is not None
        return entry.event.id

    def end(self, topic: str, *, timeout: Optional[float] = None) -> None:
        """Completes a topic. Nothing can be published to it afterwards."""
        self._put(self._session.end(topic, End()), timeout)

    def fail(
        self, topic: str, code: Union[int, grpc.StatusCode], message: str, *, timeout: Optional[float] = None
    ) -> None:
        """Ends a topic with an error that its readers are told."""
        self._put(self._session.end(topic, failure(code, message)), timeout)

    def stream(self, topic: str, items: Iterable[Item], *, stoppable: bool = True) -> Streamed:
        """Publishes each item, ends the topic, and returns when all that is stored.

        If an item cannot be had or is no event, the topic fails with that error, which is raised again. If a reader
        asks to stop, the next item is not waited for and the topic is completed, unless `stoppable` is false.
        """
        streaming = self._session.streaming
        with self._changed:
            streaming[topic] = None
        source = iter(items)
        events = 0
        try:
            try:
                while not (stoppable and streaming[topic]):
                    try:
                        item = next(source)
                    except StopIteration:
                        break
                    self.publish(topic, item)
                    events += 1
                self.end(topic)
            except BaseException as error:
                with contextlib.suppress(SluiceError):  # which later calls will say again
                    self._fail_stream(topic, error)
                raise
            self.flush()
            return Streamed(events, streaming[topic] if stoppable else None)
        finally:
            with self._changed:
                streaming.pop(topic, None)
            close = getattr(source, "close", None)
            if close is not None:
                close()

    def flush(self, *, timeout: Optional[float] = None) -> None:
        """Waits until everything so far is stored."""
        with self._changed:
            goal = self._session.outbox.added
            self._wait(lambda: self._session.outbox.settled >= goal, timeout)

    def close(self, *, timeout: Optional[float] = None) -> Totals:
        """Waits until all is stored, and tells how much that was. May be called again, also after TimeoutError."""
        try:
            with self._changed:
                self._session.close()
                self._changed.notify_all()
                self._wait(lambda: self._session.outbox.unacknowledged == 0, timeout)
                if not self._changed.wait_for(lambda: self._worker is None, self._session.give_up_after):
                    self._stop()  # all is stored, and the bridge does not say good-bye
        except PublisherClosedError:
            pass  # cancelled before
        except SluiceError:
            self._release()
            raise
        self._release()
        return self._session.outbox.totals

    def cancel(self) -> None:
        """Closes at once and drops what is not acknowledged. Topics under ON_ABORT_FAIL will fail."""
        with self._changed:
            self._session.cancel()
            self._stop()
        self._release()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if error is None:
            self.close()
        elif isinstance(error, Exception) and error is not self._session.error:
            self.close()  # what was published before the error is not lost with it
        else:
            with contextlib.suppress(SluiceError, TimeoutError):
                self.close(timeout=_session.HURRY)
            self.cancel()

    def _put(self, entry: Entry, timeout: Optional[float]) -> None:
        with self._changed:
            self._session.check_open()
            self._wait(lambda: self._session.outbox.has_room(entry.size), timeout)
            self._session.check_open()
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        self._session.add(entry)
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="sluice-publisher", daemon=True)
            self._worker.start()
        self._changed.notify_all()

    def _fail_stream(self, topic: str, error: BaseException) -> None:
        end = self._session.end(topic, failure_of(error))
        with self._changed:
            self._session.check_open()
            self._add(end)  # an end is small, and whoever interrupts is not made to wait for room
        if isinstance(error, Exception):
            self.flush()

    def _wait(self, ready: Callable[[], bool], timeout: Optional[float]) -> None:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                self._session.check()
            except SluiceError:
                self._stop()
                raise
            if ready():
                return
            patience = max(0.0, self._session.patience())
            if deadline is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{self._session.outbox.unacknowledged} events are not acknowledged")
                patience = min(patience, left)
            self._changed.wait(patience)

    def _stop(self) -> None:
        if self._call is not None:
            self._call.cancel()
        self._changed.notify_all()

    def _release(self) -> None:
        if self._own_channel is not None:
            self._own_channel.close()

    def _work(self) -> None:
        """The publisher's thread: one call after the other."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._session.finished or self._session.outbox.needs_call)
                if self._session.finished:
                    self._worker = None
                    self._changed.notify_all()
                    return
            try:
                status = self._run_call(_session.metadata_of(self._metadata))
            except Exception as error:  # of the caller's metadata, or a channel that the caller has closed
                _log.exception("the publisher could not make a call")
                status = grpc.StatusCode.UNKNOWN, repr(error), None
            with self._changed:
                self._calls += 1  # which ends the requests of the call
                self._call = None
                self._session.call_ended(*status)
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._session.finished, self._session.delay())

    def _run_call(self, metadata: Optional[Metadata]) -> Tuple[grpc.StatusCode, Optional[str], Any]:
        with self._changed:
            self._session.outbox.restart()
            call = self._call = self._stub.PublishWithFeedback(self._requests(self._calls), metadata=metadata)
            if self._session.error is not None:
                call.cancel()  # cancelled while there was none to cancel
        try:
            for response in call:
                self._receive(response)
        except grpc.RpcError:
            pass  # the status says the same
        return call.code(), call.details(), call.trailing_metadata()

    def _requests(self, number: int) -> Iterator[PublishWithFeedbackRequest]:
        """What gRPC sends; it asks for the next request when it can send one."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._calls != number or self._session.outbox.has_requests or self._session.closing
                )
                if self._calls != number:
                    return
                request = self._session.next_request()
            if request is None:
                return  # closing, and all is sent: half-close
            yield request

    def _receive(self, response: Any) -> None:
        with self._changed:
            feedback = self._session.receive(response)
            self._changed.notify_all()
        try:
            if isinstance(feedback, Stop):
                if self._on_stop is not None:
                    self._on_stop(feedback.topic, feedback.reason)
            elif feedback is not None and self._on_interest is not None:
                self._on_interest(feedback.topic, feedback.subscribers)
        except Exception:
            _log.exception("a callback of the publisher failed")


def open_channel(
    target: str, credentials: Optional[grpc.ChannelCredentials], options: Optional[Sequence[Tuple[str, Any]]]
) -> grpc.Channel:
    options = _session.channel_options(options)
    if credentials is None:
        return grpc.insecure_channel(target, options=options)
    return grpc.secure_channel(target, credentials, options=options)
