"""The package as its users have it: types, and a program that runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support import Bridge

HERE = Path(__file__).resolve().parent.parent


def python(*args: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, args)], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_types_are_strict() -> None:
    # The installed package, which has the generated messages, and how the tests and the example use it.
    for target in (["-p", "sluice"], ["tests", "examples"]):
        python("-m", "mypy", "--strict", "--cache-dir=/dev/null", *target)


def test_the_example_runs(bridge: Bridge) -> None:
    assert python("examples/countdown.py", bridge.grpc, "countdown") == "11 events\n"
    events = bridge.events("countdown")
    assert events[0][1:] == ("progress", '{"left":10}') and events[-2].data == "lift-off"
