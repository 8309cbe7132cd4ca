"""Publishes what the end-to-end tests expect of any producer: python publish.py HOST:PORT TOPIC."""

import sys

import grpc
from google.protobuf import struct_pb2
from sluice.v1 import event_pb2, publisher_service_pb2, publisher_service_pb2_grpc


def requests(topic):
    yield publisher_service_pb2.PublishRequest(
        topic=topic,
        events=[
            event_pb2.Event(text="plain"),
            event_pb2.Event(type="tick", id="py.1", text="two\nlines"),
        ],
    )
    value = struct_pb2.Value()
    value.struct_value.update({"percent": 42, "unit": "Grüße"})
    yield publisher_service_pb2.PublishRequest(events=[event_pb2.Event(json=value)])
    yield publisher_service_pb2.PublishRequest(end=event_pb2.End())


def main():
    target, topic = sys.argv[1:]
    with grpc.insecure_channel(target) as channel:
        stub = publisher_service_pb2_grpc.PublisherServiceStub(channel)
        response = stub.Publish(requests(topic), timeout=20, wait_for_ready=True)
        print(response.accepted, response.last_cursor)


if __name__ == "__main__":
    main()
