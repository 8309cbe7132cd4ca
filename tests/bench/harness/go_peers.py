"""Mercure and Centrifugo, built from source; MERCURE and CENTRIFUGO take other builds of them."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import tempfile
import urllib.parse

from peers import BUILT, PEERS, HttpServer, Peer, run
from processes import Failed, Process, free_port

KEY = '!ChangeThisMercureHubJWTSecretKey!'
TOOLCHAIN = 'golang.org/toolchain@v0.0.1-go1.24.13.linux-{}'


def version_of(go):
    found = re.search(r'go(\d+)\.(\d+)', run([go, 'version']))
    return int(found[1]), int(found[2])


def new_enough_go():
    """Go 1.24 or newer. Older ones, as Debian 12's, fetch it: it is published as a module."""
    go = shutil.which('go')
    if not go:
        raise Failed('Go is not there to build it')
    if version_of(go) >= (1, 24):
        return go
    machine = {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(os.uname().machine, os.uname().machine)
    environment = {**os.environ, 'GOMODCACHE': BUILT / 'toolchain', 'GOFLAGS': '-mod=mod -modcacherw'}
    answer = run([go, 'mod', 'download', '-json', TOOLCHAIN.format(machine)], env=environment, cwd=BUILT)
    root = pathlib.Path(json.loads(answer[answer.index('{'):])['Dir'])
    for program in [*root.glob('bin/*'), *root.glob('pkg/tool/*/*')]:
        program.chmod(0o755)
    return root / 'bin/go'


class GoPeer(Peer):
    takes_minutes = True
    package = ''
    module = ''

    def binary(self):
        given = os.environ.get(self.name.upper())
        return pathlib.Path(given).absolute() if given else BUILT.parent / 'go' / self.name.lower()

    def absent(self):
        return None if self.binary().is_file() else f'{self.binary()} is not there'

    def fetch(self):
        if self.binary().is_file():
            return
        if self.name.upper() in os.environ:
            raise Failed(f'{self.binary()} is not there')
        BUILT.mkdir(parents=True, exist_ok=True)
        go = new_enough_go()
        print(f'Building {self.name}; this takes minutes', flush=True)
        run([go, 'build', '-o', self.binary(), self.package], cwd=PEERS / self.name.lower(),
            env={**os.environ, 'GOFLAGS': f'-mod=readonly {os.environ.get("GOFLAGS", "")}', 'GOWORK': 'off'})

    def version(self):
        """As the program says that it was built from."""
        try:
            built_from = run(['go', 'version', '-m', self.binary()])
        except (OSError, Failed):
            return ''
        found = re.search(rf'\s(?:dep|mod)\s+{re.escape(self.module)}\s+v?(\S+)', built_from)
        go = re.search(r': go(\S+)', built_from)
        return f'{found[1] if found else "?"}, built with Go {go[1] if go else "?"}'


def mercure_token():
    """May publish anything."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b'=')
    claims = {'mercure': {'publish': ['*']}}
    signed = b'.'.join(part(json.dumps(value).encode()) for value in ({'alg': 'HS256', 'typ': 'JWT'}, claims))
    return b'.'.join([signed, part(hmac.new(KEY.encode(), signed, hashlib.sha256).digest())]).decode()


class MercureServer(HttpServer):
    replay = False

    def target(self, topic):
        return f'/.well-known/mercure?topic={topic}'

    def head(self, topic):
        return super().head(topic) + ('Last-Event-ID: earliest\r\n' if self.replay else '')

    def publisher(self, hints):
        return {'http': self.http_port, 'target': '/.well-known/mercure', 'body': 'topic={topic}&data={data}',
                'head': f'Authorization: Bearer {mercure_token()}\r\nContent-Type: application/x-www-form-urlencoded\r\n'}


class Mercure(GoPeer):
    name = 'Mercure'
    package = 'github.com/dunglas/mercure/cmd/mercure'
    module = 'github.com/dunglas/mercure'
    replays = True
    settings = ('local transport, without a history, which is the faster of the two for one node; for the replay bolt, on disk; '
                'anonymous subscribers; keeps publishing connections open')

    def start(self, replay=False, **_):
        port, directory = free_port(), tempfile.TemporaryDirectory(prefix='sluice-bench-mercure-')
        transport = f'bolt://{directory.name}/updates.db?size=1000' if replay else 'local://local'
        process = Process([self.binary(), f'--addr=127.0.0.1:{port}', f'--jwt-key={KEY}', '--allow-anonymous',
                           f'--transport-url={transport}', '--read-timeout=0s'], directory=directory.name)
        process.wait_for_port(port)
        server = MercureServer(process, port, directory)
        server.replay = replay
        return server


class CentrifugoServer(HttpServer):
    replay = False

    def target(self, topic):
        # What the topic's name may hold stays as it is: {n} is filled in later.
        connect = json.dumps({'subs': {topic: {'recover': True} if self.replay else {}}}, separators=(',', ':'))
        return '/connection/uni_sse?cf_connect=' + urllib.parse.quote(connect, safe='{}')

    def publisher(self, hints):
        return {'http': self.http_port, 'target': '/api/publish', 'body': '{"channel":"{topic}","data":"{data}"}',
                'head': f'X-API-Key: {KEY}\r\nContent-Type: application/json\r\n'}


class Centrifugo(GoPeer):
    name = 'Centrifugo'
    package = 'github.com/centrifugal/centrifugo/v5'
    module = 'github.com/centrifugal/centrifugo/v5'
    replays = True
    settings = ('memory engine; unidirectional SSE; anonymous connections that name their channels; '
                'without a history, but for the replay: 1,000 publications for an hour, recovered')

    def configuration(self, port, replay):
        configuration = {
            'address': '127.0.0.1', 'port': str(port), 'api_key': KEY, 'uni_sse': True, 'log_level': 'warn',
            'allow_anonymous_connect_without_token': True, 'allow_subscribe_for_client': True,
            'allow_subscribe_for_anonymous': True,
        }
        if replay:
            configuration.update(history_size=1000, history_ttl='1h', force_recovery=True)
        return configuration

    def start(self, replay=False, **_):
        port, directory = free_port(), tempfile.TemporaryDirectory(prefix='sluice-bench-centrifugo-')
        path = pathlib.Path(directory.name, 'config.json')
        path.write_text(json.dumps(self.configuration(port, replay)))
        process = Process([self.binary(), '--config', path], directory=directory.name)
        process.wait_for_port(port)
        server = CentrifugoServer(process, port, directory)
        server.replay = replay
        return server
