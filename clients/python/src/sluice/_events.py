"""What can be published, and how it becomes the contract's messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Optional, Union

import grpc
from google.protobuf import json_format, struct_pb2

from sluice.v1.event_pb2 import End, Error, Event

# A string is an event that has it as its text.
Item = Union[str, Event]


def to_event(item: Item) -> Event:
    """A message of our own: what the caller does with `item` later changes nothing."""
    if isinstance(item, str):
        return Event(text=item)
    if not isinstance(item, Event):
        raise TypeError(f"an event is a str or a sluice.Event, not {type(item).__name__}")
    event = Event()
    event.CopyFrom(item)
    return event


def json_event(value: Any, *, type: str = "", id: str = "", retry: Optional[timedelta] = None) -> Event:
    """An event that readers get as JSON.

    `value` is what `json.dumps` takes: None, bool, int, float, str, lists and dicts of them. Numbers are doubles, as in
    JavaScript: an integer beyond 2**53 loses digits, so make it a string.
    """
    event = Event(type=type, id=id, json=json_format.ParseDict(value, struct_pb2.Value()))
    if retry is not None:
        event.retry.FromTimedelta(retry)
    return event


def failure(code: Union[int, grpc.StatusCode], message: str) -> End:
    """How a topic ends that failed. `code` is a gRPC status code but OK."""
    number = code.value[0] if isinstance(code, grpc.StatusCode) else code
    return End(error=Error(code=number, message=message))


def failure_of(error: BaseException) -> End:
    """How a topic ends whose items could not be had because of `error`: with its gRPC code, if it has one."""
    code: Union[int, grpc.StatusCode] = grpc.StatusCode.UNKNOWN
    if isinstance(error, (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt)):
        code = grpc.StatusCode.CANCELLED
    carried = getattr(error, "code", None)  # a method of a grpc.RpcError, an attribute of ours
    if callable(carried):
        carried = carried()
    if isinstance(carried, grpc.StatusCode) and carried is not grpc.StatusCode.OK:
        code = carried
    message = str(error) or type(error).__name__
    details = getattr(error, "details", None)
    if isinstance(error, grpc.RpcError) and callable(details):
        message = details() or message
    return failure(code, message.encode("utf-8", "replace").decode())
