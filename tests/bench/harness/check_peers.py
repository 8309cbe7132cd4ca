"""Checks that the peers do what they are measured at: check_peers.py [NAME…]. Measures nothing."""

import sys

from client import Client
from go_peers import Centrifugo, Mercure
from peers import BetterSse, Nchan, Threads
from processes import Failed

PEERS = [Nchan(), BetterSse(), Mercure(), Centrifugo(), Threads()]
READERS = 10000


def expect(what, is_, should_be):
    if is_ != should_be:
        raise Failed(f'{what}: {is_}, and not {should_be}')


def all_readers_get_everything(contender):
    with contender.start() as server, Client(server) as client:
        for _ in range(10):  # Centrifugo drops a reader that it can't write to for a second
            client.open(READERS // 10)
        client.warm_up(READERS)
        before = client.do('report', group='readers')['events']
        client.publish(requests=20, tick_us=100000)
        report = client.received(before + 20 * READERS, timeout_ms=60000)
        expect('events', report['events'], before + 20 * READERS)
        for what in 'missing', 'repeated', 'closed':
            expect(what, report[what], 0)


def readers_get_their_own_topic(contender):
    events = {'a.0': 5, 'a.1': 7, 'b.0': 0}
    with contender.start() as server, Client(server) as client:
        for topic in events:
            client.open(100, group=topic, topic=topic)
            client.warm_up(100, group=topic, topic=topic)
        before = {topic: client.do('report', group=topic)['events'] for topic in events}
        for topic, count in events.items():
            if count:
                client.publish(topic=topic, requests=count)
        for topic in events:
            client.publish(topic=topic, requests=1)  # behind all that may have gone astray
            due = before[topic] + 100 * (events[topic] + 1)
            report = client.received(due, group=topic)
            expect(f'events of {topic}', report['events'], due)
            expect(f'missing of {topic}', report['missing'], 0)


def late_readers_get_what_was_kept(contender):
    with contender.start(replay=True) as server, Client(server) as client:
        client.publish(requests=100)
        client.open(100, from_first=True)
        report = client.received(100 * 100, timeout_ms=60000)
        expect('events', report['events'], 100 * 100)
        expect('missing', report['missing'], 0)


def check(contender):
    contender.install()
    if contender.missing():
        raise Failed(contender.missing())
    print(f'{contender.name} {contender.version()}: {contender.settings}', flush=True)
    checks = [all_readers_get_everything, readers_get_their_own_topic]
    for one in checks + [late_readers_get_what_was_kept] * contender.replays:
        one(contender)
        print(f'  {one.__name__.replace("_", " ")}', flush=True)


def main():
    failed = 0
    for contender in PEERS:
        if len(sys.argv) == 1 or contender.name in sys.argv[1:]:
            try:
                check(contender)
            except Failed as error:
                failed += 1
                print(f'{contender.name}: {error}')
    return failed


if __name__ == '__main__':
    sys.exit(main())
