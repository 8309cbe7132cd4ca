"""The loads: each puts one contender under one of them, once, and says what came of it."""

import statistics
import time

from client import Client
from contenders import Floor

READERS = 10000
STALLED_BUFFER = 4096  # SO_RCVBUF of those who read nothing


class Spent:
    """What a server spends while a block runs, and what it delivers."""

    def __init__(self, server, client, group='readers'):
        self.server, self.client, self.group = server, client, group

    def __enter__(self):
        self.events = self.client.do('report', group=self.group)['events']
        self.began = time.monotonic()
        self.cpu = self.server.process.cpu_seconds()
        return self

    def __exit__(self, *_):
        self.cpu = self.server.process.cpu_seconds() - self.cpu
        self.seconds = time.monotonic() - self.began


def deliver(server, client, readers, deliveries, **publishing):
    """Publishes, waits for all of it, and says what each delivery cost and how long it took."""
    with Spent(server, client) as spent:
        published = client.publish(**publishing)
        report = client.received(spent.events + deliveries)
    events = report['events'] - spent.events
    latency = report['latency_us']
    figures = {
        'CPU per delivery, us': spent.cpu / max(events, 1) * 1e6,
        'busy': spent.cpu / spent.seconds,
        'latency p50, ms': latency['p50'] / 1e3,
        'latency p99, ms': latency['p99'] / 1e3,
        'latency max, ms': latency['max'] / 1e3,
        'lost': deliveries - events,
        'disconnects': report['closed'],
        'publisher late, ms': published['late_us'] / 1e3,
    }
    if report['to_last_us']:
        figures['until the last has it, ms'] = report['to_last_us']['p50'] / 1e3
    return figures


def find_pace(readers=READERS):
    """Microseconds between events of one topic at which the floor is idle for more than half of the time."""
    with Floor().start() as server, Client(server) as client:
        client.open(readers)
        client.warm_up(readers)
        client.publish(requests=10, window=1, group='readers')
        report = client.received(readers * 11)
        return min(max(100000, int(report['to_last_us']['p50'] * 2.2)), 500000)


def one_topic(contender, tick_us, seconds=3, burst=1, readers=READERS, **settings):
    """Load 1: one topic, an event (or a burst) a tick."""
    ticks = max(10, int(seconds * 1e6 / tick_us))
    with contender.start(**settings) as server, Client(server) as client:
        opened = client.open(readers)
        client.warm_up(readers)
        figures = deliver(server, client, readers, readers * ticks * burst, requests=ticks, tick_us=tick_us,
                          events_a_request=burst)
        figures['opening all, s'] = opened['opened_us'] / 1e6
        return figures


def saturation(contender, seconds=3, readers=READERS, window=8):
    """Load 1, as fast as it goes: the next event when all but the last few are with everyone."""
    with contender.start() as server, Client(server) as client:
        client.open(readers)
        client.warm_up(readers)
        with Spent(server, client) as spent:
            published = client.publish(requests=1000000, most_us=int(seconds * 1e6), window=window, group='readers')
            report = client.received(spent.events + published['events'] * readers)
        events = report['events'] - spent.events
        return {'deliveries a second': events / spent.seconds, 'CPU per delivery, us': spent.cpu / events * 1e6,
                'lost': published['events'] * readers - events, 'disconnects': report['closed']}


def many_topics(contender, topics, readers=READERS, seconds=3, requests_a_tick=1000, tick_us=40000):
    """Loads 2 and 3: an event for each topic in turn, so many a tick."""
    each = readers // topics
    requests = int(seconds * 1e6 / tick_us * requests_a_tick) // topics * topics
    with contender.start() as server, Client(server) as client:
        client.open(readers, topic='bench.{n}', topics=topics)
        client.warm_up(readers, topic='bench.{n}', topics=topics)
        return deliver(server, client, readers, requests * each, requests=requests, topic='bench.{n}', topics=topics,
                       requests_a_tick=requests_a_tick, tick_us=tick_us)


def tokens(contender, topics=1000, events=200, rate=50, ends=True):
    """Load 4: streams of tokens that start, run and end side by side."""
    with contender.start() as server, Client(server) as client:
        client.open(topics, topic='tokens.{n}', topics=topics)
        tick_us = 1000
        figures = deliver(server, client, topics, topics * events, requests=topics * events, topic='tokens.{n}',
                          topics=topics, requests_a_tick=topics * rate * tick_us // 1000000, tick_us=tick_us, end=ends)
        if ends:
            time.sleep(0.5)
            figures['told of the end'] = client.do('report', group='readers')['done']
            figures.pop('disconnects')
        return figures


def idle(contender, readers=READERS, heartbeats=None):
    """Load 5: subscribers to whom nothing happens, but for heartbeats."""
    with contender.start() as server, Client(server) as client:
        client.open(100, group='first')
        before = server.process.anonymous_bytes()
        client.open(readers)
        time.sleep(1)
        figures = {'memory per subscriber, KB': (server.process.anonymous_bytes() - before) / readers / 1024}
        if heartbeats:
            with Spent(server, client) as spent:
                time.sleep(2 * heartbeats)
            figures['CPU of heartbeats, us each'] = spent.cpu / (2 * readers) * 1e6
        return figures


def connecting(contender, readers=READERS):
    """Load 6: everyone at once."""
    with contender.start() as server, Client(server) as client:
        client.publish(requests=1)
        with _Cpu(server) as spent:
            opened = client.open(readers)
        return {'opening all, s': opened['opened_us'] / 1e6, 'opens a second': readers / opened['opened_us'] * 1e6,
                'CPU per open, us': spent.cpu / readers * 1e6}


class _Cpu:
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.cpu = self.server.process.cpu_seconds()
        return self

    def __exit__(self, *_):
        self.cpu = self.server.process.cpu_seconds() - self.cpu


def replay(contender, readers=READERS, events=100):
    """Load 6: everyone at once, and each is owed 100 events."""
    with contender.start() as server, Client(server) as client:
        client.publish(requests=events)
        began = time.monotonic()
        with _Cpu(server) as spent:
            client.open(readers, from_first=True)
            report = client.received(readers * events)
        return {'CPU per event, us': spent.cpu / max(report['events'], 1) * 1e6,
                'until all have all, s': time.monotonic() - began,
                'lost': readers * events - report['events']}


INGEST_MODES = {
    'one event a request': {'hints': False, 'events_a_request': 1},
    'with buffer hints': {'hints': True, 'events_a_request': 1},
    'batches of 64': {'hints': True, 'events_a_request': 64},
}


def ingest(contender, mode, readers=0, seconds=1.5, **settings):
    """Load 7: one producer's stream, as fast as it goes."""
    with contender.start(**settings) as server, Client(server) as client:
        if readers:
            client.open(readers)
        client.publish(requests=10, hints=INGEST_MODES[mode]['hints'])
        with _Cpu(server) as spent:
            published = client.publish(requests=100000000, most_us=int(seconds * 1e6), **INGEST_MODES[mode])
        figures = {'events a second': published['events'] / published['us'] * 1e6,
                   'CPU per event, us': spent.cpu / published['events'] * 1e6}
        if readers:
            due = readers * (published['events'] + 10)
            figures['lost'] = due - client.received(due, timeout_ms=60000)['events']
        return figures
