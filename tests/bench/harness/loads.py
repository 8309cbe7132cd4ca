"""The loads: each puts one contender under one of them, once, and says what came of it."""

import http.client
import json
import re
import subprocess
import time

from client import Client
from processes import BIN, Failed

EVENT_BYTES = 100


class Spent:
    """What a server spends while a block runs."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.began = time.monotonic()
        self.cpu = self.server.process.cpu_seconds()
        return self

    def __exit__(self, *_):
        self.cpu = self.server.process.cpu_seconds() - self.cpu
        self.seconds = time.monotonic() - self.began


def latency(report):
    return {f'latency {name}, ms': report['latency_us'][name] / 1e3 for name in ('p50', 'p99', 'max')}


def deliver(server, client, deliveries, **publishing):
    """Publishes, waits for all of it, and says what each delivery cost and how long it took."""
    before = client.do('report', group='readers')['events']
    with Spent(server) as spent:
        published = client.publish(**publishing)
        report = client.received(before + deliveries)
    events = report['events'] - before
    figures = {'CPU per delivery, us': spent.cpu / max(events, 1) * 1e6, 'busy': spent.cpu / spent.seconds}
    if report['to_last_us']:
        figures['until the last has it, ms'] = report['to_last_us']['p50'] / 1e3
    return {**figures, **latency(report), 'publisher late, ms': published['late_us'] / 1e3,
            'lost': deliveries - events, 'disconnects': report['closed']}


def find_pace(contender, readers):
    """Microseconds between events of one topic at which this one rests for more than half of the time."""
    with contender.start() as server, Client(server) as client:
        client.give_way()
        client.open(readers)
        client.warm_up(readers)
        client.publish(requests=10, window=1, group='readers')
        report = client.received(readers * 11)
        return min(max(20000, int(report['to_last_us']['p50'] * 2.2)), 500000)


def one_topic(contender, readers, tick_us, seconds, burst=1, busy=False):
    """An event, or a burst of them in one request, a tick. `busy`: so many that readers must have their share."""
    ticks = max(5, int(seconds * 1e6 / tick_us))
    with contender.start() as server, Client(server) as client:
        if not busy:
            client.give_way()
        client.open(readers)
        client.warm_up(readers)
        return deliver(server, client, readers * ticks * burst, requests=ticks, tick_us=tick_us, events_a_request=burst,
                       event_bytes=EVENT_BYTES)


def saturation(contender, readers, seconds, window=8):
    """The next event when all but the last few are with everyone."""
    with contender.start() as server, Client(server) as client:
        client.open(readers)
        client.warm_up(readers)
        before = client.do('report', group='readers')['events']
        with Spent(server) as spent:
            published = client.publish(requests=1000000, most_us=int(seconds * 1e6), window=window, group='readers',
                                       event_bytes=EVENT_BYTES)
            report = client.received(before + published['events'] * readers)
        events = report['events'] - before
        return {'deliveries a second': events / spent.seconds, 'CPU per delivery, us': spent.cpu / max(events, 1) * 1e6,
                'lost': published['events'] * readers - events, 'disconnects': report['closed']}


def many_topics(contender, readers, topics, requests_a_tick, tick_us, seconds):
    """An event for each topic in turn, so many a tick."""
    rounds = max(1, int(seconds * 1e6 / tick_us * requests_a_tick) // topics)
    with contender.start() as server, Client(server) as client:
        client.give_way()
        client.open(readers, topic='bench.{n}', topics=topics)
        client.warm_up(readers, topic='bench.{n}', topics=topics)
        return deliver(server, client, rounds * readers, requests=rounds * topics, topic='bench.{n}', topics=topics,
                       requests_a_tick=requests_a_tick, tick_us=tick_us, event_bytes=EVENT_BYTES)


def tokens(contender, topics, events, rate, ends):
    """Streams of tokens that begin, run and end side by side, each from its first token on."""
    tick_us = 1000
    with contender.start() as server, Client(server) as client:
        client.open(topics, topic='tokens.{n}', topics=topics)
        figures = deliver(server, client, topics * events, requests=topics * events, topic='tokens.{n}', topics=topics,
                          requests_a_tick=max(1, topics * rate * tick_us // 1000000), tick_us=tick_us, end=ends,
                          event_bytes=20)
        if ends:
            # The end is not an event that is counted: everyone is gone when it has come.
            until = time.monotonic() + 10
            while (report := client.do('report', group='readers'))['closed'] < topics and time.monotonic() < until:
                time.sleep(0.05)
            figures['told of the end'] = report['done']
            del figures['disconnects']
        return figures


def idle(contender, readers, heartbeat=None):
    """Subscribers to whom nothing happens, but for heartbeats every so many seconds."""
    settings = {'heartbeat': f'{heartbeat}s'} if heartbeat else {}
    with contender.start(**settings) as server, Client(server) as client:
        client.open(100, group='first')
        before = server.process.anonymous_bytes()
        client.open(readers)
        figures = {'memory per subscriber, KB': (server.process.anonymous_bytes() - before) / readers / 1024}
        if heartbeat:
            with Spent(server) as spent:
                time.sleep(2 * heartbeat)
            figures['CPU per heartbeat, us'] = spent.cpu / (2 * readers) * 1e6
        return figures


def connecting(contender, readers):
    """Everyone at once."""
    with contender.start() as server, Client(server) as client:
        with Spent(server) as spent:
            opened = client.open(readers)
        return {'opening all, s': opened['opened_us'] / 1e6, 'opens a second': readers / opened['opened_us'] * 1e6,
                'CPU per open, us': spent.cpu / readers * 1e6}


def replay(contender, readers, events, **settings):
    """Everyone at once, and each is owed the events of a while."""
    with contender.start(**settings) as server, Client(server) as client:
        client.publish(requests=events, event_bytes=EVENT_BYTES)
        with Spent(server) as spent:
            client.open(readers, from_first=True)
            report = client.received(readers * events)
        return {'CPU per event, us': spent.cpu / max(report['events'], 1) * 1e6, 'until all have all, s': spent.seconds,
                'lost': readers * events - report['events']}


INGEST_MODES = {
    'one event a request': {'hints': False, 'events_a_request': 1},
    'with buffer hints': {'hints': True, 'events_a_request': 1},
    'batches of 64': {'hints': True, 'events_a_request': 64},
}


def ingest(contender, mode, readers, seconds, **settings):
    """One producer's stream, as fast as it goes."""
    with contender.start(**settings) as server, Client(server) as client:
        if readers:
            client.open(readers)
        client.publish(requests=10, hints=INGEST_MODES[mode]['hints'])
        with Spent(server) as spent:
            published = client.publish(requests=10**8, most_us=int(seconds * 1e6), **INGEST_MODES[mode])
        return {'events a second': published['events'] / published['us'] * 1e6,
                'CPU per event, us': spent.cpu / published['events'] * 1e6}


def statistics(server):
    """The newest of Sluice's own numbers."""
    connection = http.client.HTTPConnection('127.0.0.1', server.http_port, timeout=10)
    connection.request('GET', '/v1/topics/sluice.stats/events?from=latest')
    answer = connection.getresponse()
    for line in answer:
        if line.startswith(b'data: {"uptime'):
            connection.close()
            return json.loads(line[len('data: '):])
    raise Failed('it tells no numbers')


def stalled(contender, readers, tick_us, seconds, with_stalled):
    """Half of the readers read nothing, or are not there; the figures are those of the other half."""
    with contender.start() as server, Client(server) as client:
        client.give_way()
        figures = {}
        if with_stalled:
            client.open(readers // 2, group='stalled', reads=False, receive_buffer=4096, wait=False)
            client.open(readers // 2)
            # More than the kernel takes for them.
            client.publish(requests=20, tick_us=tick_us, event_bytes=16384)
            client.received(readers // 2 * 20, timeout_ms=60000)
            behind = statistics(server)['behind']
            if behind < readers // 2:
                raise Failed(f'only {behind} of {readers // 2} are blocked')
            figures['blocked'] = behind
        else:
            client.open(readers // 2)
        client.warm_up(readers // 2)
        ticks = max(5, int(seconds * 1e6 / tick_us))
        return {**figures, **deliver(server, client, readers // 2 * ticks, requests=ticks, tick_us=tick_us,
                                     event_bytes=EVENT_BYTES)}


def beside(contender, readers, tick_us, seconds, with_crowd, topics=500):
    """Topics with one reader each, beside one that has a crowd, or alone. The crowd reads in a process of its own."""
    with contender.start() as server, Client(server) as client, Client(server) as crowd:
        client.give_way()
        crowd.give_way()
        client.open(topics, topic='single.{n}', topics=topics)
        client.warm_up(topics, topic='single.{n}', topics=topics)
        if with_crowd:
            crowd.open(readers, topic='crowd')
            crowd.warm_up(readers, topic='crowd')
            crowd.begin(topic='crowd', requests=max(5, int(seconds * 1e6 / tick_us)), tick_us=tick_us)
        requests = max(1, int(seconds * 2)) * topics
        figures = deliver(server, client, requests, requests=requests, topic='single.{n}', topics=topics,
                          requests_a_tick=topics // 50, tick_us=10000)
        if with_crowd:
            crowd.published()
        del figures['CPU per delivery, us']
        return figures


def hub(_, most_topics):
    """What topics and appends cost without gRPC and HTTP, for 1,000 and more topics in the store."""
    run = subprocess.run([BIN / 'bench_hub', '--benchmark_format=json'], text=True, capture_output=True,
                         env={'BENCH_HUB_TOPICS': str(most_topics)})
    if run.returncode != 0:
        raise Failed(run.stderr)
    figures = {}
    for row in json.loads(run.stdout)['benchmarks']:
        topics = int(re.search(r'topics:(\d+)', row['name'])[1])
        if 'bytes_a_topic' in row:
            what = 'topic with one event' if 'with_event:1' in row['name'] else 'idle topic'
            figures[f'{what} of {topics:,}, bytes'] = row['bytes_a_topic']
        else:
            figures[f'append to one of {topics:,}, us'] = row['cpu_time'] / 1e3
    return figures
