"""Publishing in one call that is tried once."""

from __future__ import annotations

from collections import deque
from typing import Iterable, Iterator, List, Optional

import grpc

from sluice._errors import Metadata, error_of_call
from sluice._events import Item, to_event
from sluice._outbox import Entry, take_batch
from sluice.v1.event_pb2 import End, Event, OnAbort
from sluice.v1.publisher_service_pb2 import PublishRequest, PublishResponse
from sluice.v1.publisher_service_pb2_grpc import PublisherServiceStub


def publish(
    channel: grpc.Channel,
    topic: str,
    events: Iterable[Item],
    *,
    end: bool = False,
    on_abort: OnAbort = OnAbort.ON_ABORT_UNSPECIFIED,
    timeout: Optional[float] = None,
    metadata: Optional[Metadata] = None,
) -> PublishResponse:
    """Publishes `events` as they come, then completes the topic if `end` is set, and tells what was stored.

    Keeps nothing and gives no ids: if it fails, with a PublishError, how much was stored is `accepted` of that error
    where the bridge says so. An error of `events` cancels the call and is raised again. Lists go out in large requests.
    """
    failed: List[Exception] = []

    def remember_error() -> Iterator[PublishRequest]:
        try:
            yield from requests(topic, events, end, on_abort)
        except Exception as error:
            failed.append(error)
            raise

    call = PublisherServiceStub(channel).Publish.future(remember_error(), timeout=timeout, metadata=metadata)
    try:
        response: PublishResponse = call.result()
    except grpc.RpcError as error:
        if failed:
            raise failed[0] from None
        raise error_of_call(call.code(), call.details(), call.trailing_metadata()) from error
    except BaseException:
        call.cancel()
        raise
    return response


def requests(topic: str, events: Iterable[Item], end: bool, on_abort: OnAbort) -> Iterator[PublishRequest]:
    if isinstance(events, (list, tuple)):
        waiting = deque(Entry(topic, event=to_event(event)) for event in events)
        while waiting:
            yield request(topic, on_abort, [entry.event for entry in take_batch(waiting) if entry.event is not None])
    else:
        for event in events:
            yield request(topic, on_abort, [to_event(event)])
    if end:
        yield request(topic, on_abort, [], End())


def request(topic: str, on_abort: OnAbort, events: List[Event], end: Optional[End] = None) -> PublishRequest:
    return PublishRequest(topic=topic, events=events, end=end, on_abort=on_abort)
