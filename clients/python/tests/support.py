"""A bridge, its readers, and a proxy that cuts: what the tests share."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Callable, List, NamedTuple, Optional, Tuple, Type

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("SLUICE_BIN", ROOT / "build/dev/bin"))
SEED = int(os.environ.get("SLUICE_SEED") or random.randrange(2**32))
DEADLINE = 60.0  # seconds; only a failure takes as long


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.005)


class Bridge:
    """A bridge on free ports, which it keeps when it is started again."""

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self.grpc = self.http = "127.0.0.1:0"
        self.start()

    def start(self) -> None:
        command = [f"{BIN}/sluice-bridge", f"--grpc_listen={self.grpc}", f"--http_listen={self.http}", *self._flags]
        self._process = subprocess.Popen(
            [*command, "--log_level=error"],
            stdout=subprocess.PIPE,
            text=True,  # its log is the test's
        )
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        assert words[:2] == ["sluice", "ready"], words
        self.grpc, self.http = (word.split("=")[1] for word in words[2:])

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def __enter__(self) -> Bridge:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE)

    def request(self, method: str, path: str, body: str = "") -> Tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.http, timeout=DEADLINE)
        connection.request(method, path, body or None)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer

    def stream(self, topic: str) -> str:
        """All of a topic that has ended, without the opening."""
        assert b'"ended":true' in self.request("GET", f"/v1/topics/{topic}/history?last=1")[1]
        status, body = self.request("GET", f"/v1/topics/{topic}/events")
        assert status == 200, body
        opening, _, events = body.decode().partition(": sluice\n")
        assert opening.startswith("retry: ")
        return events

    def events(self, topic: str) -> List[Received]:
        return parse(self.stream(topic))

    def stop(self, topic: str, reason: str) -> None:
        """As a reader, asks the producers of a topic to stop; waits until there is one."""
        until(
            lambda: self.request("POST", f"/v1/topics/{topic}/stop", f'{{"reason":"{reason}"}}')[0] == 202, "a producer"
        )


class Received(NamedTuple):
    id: str
    type: str
    data: str


def parse(text: str) -> List[Received]:
    return [parse_event(block) for block in text.split("\n\n") if block]


def parse_event(block: str) -> Received:
    fields = [line.partition(": ")[::2] for line in block.split("\n") if not line.startswith(":")]
    of = dict(fields)
    return Received(of["id"], of.get("event", ""), "\n".join(value for name, value in fields if name == "data"))


class Reader:
    """Reads a path in a thread, and comes back with the last id until it is told the end."""

    def __init__(self, bridge: Bridge, path: str) -> None:
        self.received: List[Received] = []
        self.joined = 0  # times it was let in
        self._bridge = bridge
        self._path = path
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def all(self) -> List[Received]:
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive(), f"no end after {len(self.received)} events"
        return self.received

    def _run(self) -> None:
        while not (self.received and self.received[-1].data == "[DONE]"):
            try:
                self._read()
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)  # as long as there is no bridge

    def _read(self) -> None:
        connection = http.client.HTTPConnection(self._bridge.http, timeout=DEADLINE)
        headers = {"Last-Event-ID": self.received[-1].id} if self.received else {}
        connection.request("GET", self._path, headers=headers)
        response = connection.getresponse()
        assert response.status == 200
        lines: List[str] = []
        for raw in response:
            line = raw.decode().rstrip("\n")
            if line:
                if line == ": sluice":
                    self.joined += 1
                lines.append(line)
            else:
                self.received.append(parse_event("\n".join(lines)))
                lines = []
        connection.close()


class Proxy:
    """Between a producer and a bridge: cuts connections with a reset, holds back one direction, or takes nothing."""

    def __init__(self, bridge: Bridge) -> None:
        self.deaf = False  # reads nothing from the producer
        self.mute = False  # drops what the bridge says
        self.connections = 0
        self.cut_after: Callable[[], Optional[int]] = lambda: None  # bytes of a connection, both ways
        host, port = bridge.grpc.split(":")
        self._bridge = host, int(port)
        self._pairs: List[Tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                reset(end)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                producer = self._listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            try:
                bridge = socket.create_connection(self._bridge)
            except OSError:
                reset(producer)
                continue
            pair = producer, bridge
            self._pairs.append(pair)
            left = [self.cut_after()]
            for source, sink in (pair, pair[::-1]):
                threading.Thread(
                    target=self._pump, args=(source, sink, source is producer, left, pair), daemon=True
                ).start()

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        from_producer: bool,
        left: List[Optional[int]],
        pair: Tuple[socket.socket, socket.socket],
    ) -> None:
        try:
            while True:
                while from_producer and self.deaf:
                    time.sleep(0.005)
                data = source.recv(16384)
                if not data:
                    break
                if left[0] is not None:
                    data, left[0] = data[: left[0]], left[0] - len(data)
                if from_producer or not self.mute:
                    sink.sendall(data)
                if left[0] is not None and left[0] <= 0:
                    break
        except OSError:
            pass
        for end in pair:
            reset(end)


def reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RD)  # wakes whoever reads it
    except OSError:
        pass
    end.close()
