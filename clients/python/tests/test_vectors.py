from __future__ import annotations

import json

import grpc
import sluice
from google.protobuf import json_format
from sluice import Publisher
from support import ROOT, Bridge

VECTORS = json.loads((ROOT / "tests/vectors/events.json").read_text())
EVENTS = [json_format.ParseDict(vector["event"], sluice.Event()) for vector in VECTORS]


def check(stream: str) -> None:
    for vector in VECTORS:
        frame, stream = stream[: len(vector["frame"])], stream[len(vector["frame"]) :]
        assert frame == vector["frame"], vector["name"]
    assert stream.endswith("\ndata: [DONE]\n\n") and stream.count("\n") == 3


def test_every_event_is_read_as_the_bytes_that_it_should_be(bridge: Bridge) -> None:
    with Publisher(bridge.grpc) as publisher:
        for event in EVENTS:
            publisher.publish("vectors", event)
        publisher.end("vectors")
    check(bridge.stream("vectors"))


def test_a_plain_call_publishes_the_same(bridge: Bridge) -> None:
    with grpc.insecure_channel(bridge.grpc) as channel:
        assert sluice.publish(channel, "plain", EVENTS, end=True).accepted == len(VECTORS)
    check(bridge.stream("plain"))


def test_json_events_are_those_of_the_parser(bridge: Bridge) -> None:
    for vector, event in zip(VECTORS, EVENTS):
        if "json" in vector["event"]:
            assert sluice.json_event(vector["event"]["json"]).json == event.json, vector["name"]
