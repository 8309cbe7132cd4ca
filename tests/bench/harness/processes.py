"""Servers under test: starting, asking what they cost, and stopping them."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get('SLUICE_BENCH_BIN', ROOT / 'build/bench/bin'))


class Failed(Exception):
    """A server that does not start, or a step that does not come to its end."""


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Process:
    """A server and its children. Its output is kept in a file for when it fails."""

    def __init__(self, command, ready=None, environment=None, directory=None):
        self.log = tempfile.NamedTemporaryFile('w+', prefix='sluice-bench-', suffix='.log')
        # In a session of its own it would be a scheduling group of its own, beside which the readers' priority means nothing.
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, cwd=directory, process_group=0,
            stdout=subprocess.PIPE if ready else self.log, stderr=self.log, text=True,
            env={**os.environ, **(environment or {})})
        self.first_line = ''
        if ready:
            self.first_line = self.process.stdout.readline().strip()
            if not self.first_line.startswith(ready):
                self.stop()
                raise Failed(f'{command[0]} did not start: {self.first_line} {self.output()}')

    def output(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(errors='replace')[-2000:]

    def wait_for_port(self, port, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise Failed(f'it stopped at once: {self.output()}')
            try:
                socket.create_connection(('127.0.0.1', port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f'nothing listens on its port: {self.output()}')

    def pids(self):
        """Of the server and all that came of it."""
        children = {}
        for entry in os.listdir('/proc'):
            if not entry.isdigit():
                continue
            try:
                stat = pathlib.Path('/proc', entry, 'stat').read_text()
            except OSError:
                continue
            parent = int(stat[stat.rindex(')') + 2:].split()[1])
            children.setdefault(parent, []).append(int(entry))
        found, look = [], [self.process.pid]
        while look:
            pid = look.pop()
            found.append(pid)
            look += children.get(pid, [])
        return found

    def cpu_seconds(self):
        """Of all their threads, in user and in kernel mode, to the nanosecond: clock_getcpuclockid(3)."""
        total = 0
        for pid in self.pids():
            try:
                total += time.clock_gettime_ns((~pid << 3) | 2) / 1e9
            except OSError:
                pass  # it ended just now
        return total

    def anonymous_bytes(self):
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
                if line.startswith('RssAnon:'):
                    total += int(line.split()[1]) * 1024
        return total

    def stop(self):
        if self.process.poll() is None:
            try:
                self.process.stdin.close()
            except OSError:
                pass
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()
