"""Who is measured: how each is started as its own documentation recommends, read from and published to."""

import os
import re

from processes import BIN, Process

LOOPS = os.cpu_count()


class Server:
    """One that runs. `with` stops it."""

    def __init__(self, process, http_port):
        self.process = process
        self.http_port = http_port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()

    def target(self, topic):
        """The target that a reader of the topic asks for; `{n}` may be in it."""
        return f'/v1/topics/{topic}/events'

    def head(self, topic):
        """The fields of a reader's request."""
        return 'Host: 127.0.0.1\r\nAccept: text/event-stream\r\n'

    def publisher(self, hints):
        """How bench_load publishes to it."""
        raise NotImplementedError


class GrpcServer(Server):
    """One that takes sluice.v1.PublisherService/Publish, and says its ports in its first line."""

    def __init__(self, process):
        ports = re.search(r'grpc=\S+:(\d+) http=\S+:(\d+)', process.first_line)
        super().__init__(process, int(ports[2]))
        self.grpc_port = int(ports[1])

    def publisher(self, hints):
        return {'grpc': self.grpc_port, 'hints': hints}


class Contender:
    name = ''
    settings = ''  # what is set, beside the defaults

    def missing(self):
        """Why it can't be had on this machine; None if it can."""
        return None

    def version(self):
        return ''

    def start(self, **settings):
        raise NotImplementedError


class Floor(Contender):
    settings = f'{LOOPS} loops; no log, no heartbeat, no limits'

    def __init__(self, name='floor'):
        self.name = name

    def start(self, discard=False, **_):
        words = ['discard'] if discard else []
        return GrpcServer(Process([BIN / 'bench_floor', LOOPS, *words], ready='floor ready'))


class Sluice(Contender):
    name = 'Sluice'
    settings = 'defaults'

    def start(self, **settings):
        flags = [f'--{name}={value}' for name, value in settings.items()]
        return GrpcServer(Process([BIN / 'sluice-bridge', '--grpc_listen=127.0.0.1:0', '--http_listen=127.0.0.1:0', *flags],
                                  ready='sluice ready'))
