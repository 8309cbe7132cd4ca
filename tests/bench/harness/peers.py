"""Others that fan events out over HTTP, each set up as its own documentation recommends."""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile

from contenders import LOOPS, Contender, GrpcServer, Server
from processes import BIN, ROOT, Failed, Process, free_port

PEERS = ROOT / 'tests/bench/peers'
BUILT = BIN.parent / 'peers'


def run(command, **settings):
    """Its output; what it says is shown as it fails."""
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, **settings)
    if done.returncode != 0:
        raise Failed(f'{command[0]}: {(done.stderr or done.stdout).strip()[-1000:]}')
    return done.stdout + done.stderr


def helper(function, *words):
    """Calls a function of scripts/lib.sh, which shows what it does."""
    if subprocess.run(['bash', '-c', '. "$1"; shift; "$@"', '-', ROOT / 'scripts/lib.sh', function, *words]).returncode:
        raise Failed(f'{function} {" ".join(map(str, words))}')


class HttpServer(Server):
    """One that is published to with a POST for each event, and may have a folder of its own."""

    def __init__(self, process, http_port, directory=None):
        super().__init__(process, http_port)
        self.directory = directory

    def __exit__(self, *error):
        super().__exit__(*error)
        if self.directory:
            self.directory.cleanup()

    def target(self, topic):
        return f'/sub/{topic}'

    def publisher(self, hints):
        return {'http': self.http_port, 'target': '/pub/{topic}', 'head': 'Content-Type: text/plain\r\n', 'body': '{data}'}


class Peer(Contender):
    replays = False  # keeps events for those who come later: start(replay=True) gives all readers what there is
    takes_minutes = False  # to fetch
    failure = None

    def install(self):
        """Fetches or builds what is missing; if that fails, missing() says why."""
        try:
            self.fetch()
        except Failed as error:
            self.failure = str(error)

    def missing(self):
        return self.failure or self.absent()

    def fetch(self):
        pass

    def absent(self):
        return None


class Nchan(Peer):
    """Debian's packages, unpacked and not installed if they are not there: installing would start a server."""

    name = 'nchan'
    replays = True
    settings = (f'{LOOPS} workers, a listening socket each; 1,000 messages of a channel are kept, in 1 GB of shared memory '
                'at the most; no access log; keeps publishing connections open')
    unpacked = BUILT / 'nchan'
    bodies = pathlib.Path('/var/lib/nginx/body')  # nchan wants it, and nchan_message_temp_path can't be set in 1.3.6

    def root(self):
        for root in pathlib.Path('/'), self.unpacked:
            if (root / 'usr/sbin/nginx').exists() and (root / 'usr/lib/nginx/modules/ngx_nchan_module.so').exists():
                return root
        return None

    def absent(self):
        if not self.root():
            return "Debian's nginx and libnginx-mod-nchan are neither installed nor unpacked"
        return None if self.bodies.exists() else f'{self.bodies} is not there'

    def fetch(self):
        if not self.root():
            print('Fetching nginx and nchan', flush=True)
            self.unpacked.mkdir(parents=True, exist_ok=True)
            try:
                self.unpack()
            except Failed:
                helper('as_root', 'apt-get', 'update', '-q')
                self.unpack()
        if not self.bodies.exists():
            helper('as_root', 'mkdir', '-p', self.bodies)

    def unpack(self):
        run(['apt-get', 'download', '-q', 'nginx', 'libnginx-mod-nchan'], cwd=self.unpacked)
        for package in self.unpacked.glob('*.deb'):
            run(['dpkg-deb', '-x', package, self.unpacked])
            package.unlink()

    def version(self):
        nginx = run([self.root() / 'usr/sbin/nginx', '-v']).strip().rpartition('/')[2]
        changes = self.root() / 'usr/share/doc/libnginx-mod-nchan/changelog.gz'
        nchan = run(['zcat', changes]).split(maxsplit=1)[0] if changes.exists() else ''
        return f'{nchan} in nginx {nginx}'

    def start(self, replay=False, **_):
        port, directory = free_port(), tempfile.TemporaryDirectory(prefix='sluice-bench-nchan-')
        os.chmod(directory.name, 0o755)  # its workers may be another user's
        configuration = pathlib.Path(directory.name, 'nginx.conf')
        configuration.write_text(self.configuration(port, directory.name))
        process = Process([self.root() / 'usr/sbin/nginx', '-e', 'stderr', '-c', configuration, '-p', directory.name])
        process.wait_for_port(port)
        server = HttpServer(process, port, directory)
        if replay:
            server.target = lambda topic: f'/replay/{topic}'
        return server

    def configuration(self, port, directory):
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        text = (PEERS / 'nchan.conf').read_text()
        for name, value in {'MODULE': self.root() / 'usr/lib/nginx/modules/ngx_nchan_module.so', 'DIRECTORY': directory,
                            'WORKERS': LOOPS, 'DESCRIPTORS': descriptors, 'CONNECTIONS': descriptors - 100,
                            'PORT': port}.items():
            text = text.replace(f'@{name}@', str(value))
        return text


class BetterSse(Peer):
    name = 'better-sse'
    settings = 'a channel for each topic; text as it is, without JSON around it; one process of Node.js'

    def absent(self):
        if not shutil.which('node'):
            return 'Node.js is not there'
        return None if (PEERS / 'node_modules/better-sse').exists() else 'its package is not installed'

    def fetch(self):
        helper('npm_ci', PEERS)

    def version(self):
        package = json.loads((PEERS / 'node_modules/better-sse/package.json').read_text())
        return f'{package["version"]} in Node.js {run(["node", "--version"]).strip().lstrip("v")}'

    def start(self, **_):
        process = Process(['node', PEERS / 'better_sse.mjs'], ready='better-sse ready')
        return HttpServer(process, int(process.first_line.rsplit(':', 1)[1]))


class Threads(Peer):
    name = 'cpp-httplib, thread a connection'
    replays = True
    settings = ("Sluice's gRPC side, store and hub, with a thread of cpp-httplib for each reader; stacks of 256 KB, as many threads "
                'as there are connections, a listen backlog as long as the kernel lets it be, a minute for a request to come')

    def absent(self):
        return None if (BIN / 'bench_threads').exists() else 'bench_threads is not built'

    def version(self):
        return run([BIN / 'bench_threads', 'version']).strip()

    def start(self, **_):
        return GrpcServer(Process([BIN / 'bench_threads'], ready='threads ready'))
