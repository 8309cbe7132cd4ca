"""bench_load, the readers and publishers of every run."""

import json
import subprocess

from processes import BIN, Failed


class Client:
    def __init__(self, server):
        self.server = server
        self.process = subprocess.Popen([BIN / 'bench_load', str(server.http_port)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.next_numbers = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def do(self, what, **members):
        self.process.stdin.write(json.dumps({'do': what, **members}) + '\n')
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "bench_load has crashed"}')
        if 'error' in answer:
            raise Failed(f'{what}: {answer["error"]}')
        return answer

    def give_way(self):
        """Readers are elsewhere, as a rule, and cost the server nothing: from now on they have what others leave of the
        cores. Only for loads that leave something. When an event came is the kernel's word, not theirs."""
        self.do('give_way')

    def open(self, count, group='readers', topic='bench', topics=1, wait=True, timeout_ms=60000, **members):
        """`count` readers more, which are there when it returns. `{n}` in `topic`: the reader's number modulo `topics`."""
        self.do('open', group=group, count=count, topics=topics, target=self.server.target(topic),
                head=self.server.head(topic), **members)
        if not wait:
            return None
        report = self.do('opened', group=group, timeout_ms=timeout_ms)
        if report['opened'] < report['readers']:
            raise Failed(f'{report["readers"] - report["opened"]} of {report["readers"]} readers did not get in')
        return report

    def begin(self, name='publisher', topic='bench', topics=1, requests=1, events_a_request=1, **members):
        """Begins to publish. The events of a name's topics are numbered on from call to call."""
        if name not in self.next_numbers:
            self.do('publisher', name=name, **self.server.publisher(members.pop('hints', True)))
            self.next_numbers[name] = {}
        numbers = self.next_numbers[name]
        first = numbers.get(topic, 0)
        numbers[topic] = first + requests // topics * events_a_request
        self.do('publish', name=name, topic=topic, topics=topics, requests=requests, first_number=first,
                events_a_request=events_a_request, **members)

    def published(self, name='publisher'):
        return self.do('published', name=name)

    def publish(self, **members):
        self.begin(**members)
        return self.published(members.get('name', 'publisher'))

    def received(self, events, group='readers', timeout_ms=20000):
        return self.do('received', group=group, events=events, timeout_ms=timeout_ms)

    def warm_up(self, readers, group='readers', topic='bench', topics=1):
        """Each reader has one event when it returns: its subscription stands."""
        for _ in range(20):
            before = self.do('report', group=group)['events']
            self.publish(topic=topic, topics=topics, requests=topics)
            report = self.received(before + readers, group=group, timeout_ms=5000)
            if report['events'] >= before + readers:
                self.do('clear', group=group)
                return report
        raise Failed('not all readers get what is published')
