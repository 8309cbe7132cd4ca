from __future__ import annotations

from typing import Iterator

import pytest
from support import Bridge


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    """One for the tests of a file, which take topics of their own."""
    with Bridge("--http_publish", "--retention_events=100000", "--retention_bytes=64MiB", "--retry=100ms") as bridge:
        yield bridge
