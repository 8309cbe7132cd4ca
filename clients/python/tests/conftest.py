from __future__ import annotations

import os
from typing import Iterator

import pytest
from support import Bridge

# Before Python 3.10 a subprocess begins as a fork, in which gRPC would try to go on.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    """One for the tests of a file, which take topics of their own."""
    with Bridge("--http_publish", "--retention_events=100000", "--retention_bytes=64MiB", "--retry=100ms") as bridge:
        yield bridge
