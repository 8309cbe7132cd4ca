'use strict';

// nginx and Caddy with the configurations of scripts/deploy, in which only addresses and the certificate are replaced. They
// are Debian's, unpacked into build/debian (e2e_unpacked in scripts/lib.sh), and each runs in a folder of its own.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { ADDRESS, freePort } = require('./address.js');
const { ROOT, startBound } = require('./process.js');
const { until } = require('./until.js');

const DEPLOY = path.join(ROOT, 'scripts/deploy');
const DEBIAN = path.join(ROOT, 'build/debian');

// Whether somebody listens there.
function answers(host, port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  });
}

// Each [what, instead] in turn; all of them have to be there.
function replaced(text, ...pairs) {
  for (const [what, instead] of pairs) {
    if (!text.includes(what)) throw new Error(`the configuration has no ${JSON.stringify(what)}`);
    text = text.replaceAll(what, instead);
  }
  return text;
}

function program(name, file) {
  const found = path.join(DEBIAN, name, file);
  if (!fs.existsSync(found)) throw new Error(`no ${found}: "scripts/test.sh e2e" unpacks it`);
  return found;
}

const shipped = (name) => fs.readFileSync(path.join(DEPLOY, name), 'utf8');

// A server in front of `upstream`, HOST:PORT: { https, http, origin, ca, child }, where `http` redirects to `https`.
class Front {
  async start(upstream) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-deploy-'));
    fs.chmodSync(this.folder, 0o755);  // nginx's workers are another user's
    this.host = ADDRESS;
    this.port = await freePort();
    this.plainPort = await freePort();
    this.https = `https://${this.host}:${this.port}`;
    this.http = `http://${this.host}:${this.plainPort}`;
    this.certify();
    this.child = this.run(upstream);
    await until(() => `${this.name} to listen\n${this.child.stderr}`, () => {
      if (this.child.exited) throw new Error(`${this.name} ended\n${this.child.stderr}`);
      return answers(this.host, this.port);
    }, 30000);
    return this;
  }

  certify() {
    this.key = path.join(this.folder, 'key.pem');
    this.certificate = path.join(this.folder, 'certificate.pem');
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=sluice',
      '-addext', `subjectAltName=IP:${this.host}`, '-keyout', this.key, '-out', this.certificate,
    ], { stdio: 'pipe' });
    this.ca = fs.readFileSync(this.certificate);
  }

  async stop() {
    await this.child?.stop(this.signal);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

// Debian's nginx.conf, with a site of ours.
class Nginx extends Front {
  get name() { return 'nginx'; }
  get signal() { return 'SIGTERM'; }
  reload() { process.kill(this.child.pid, 'SIGHUP'); }
  configuration() { return shipped('nginx.conf'); }

  run(upstream) {
    const file = (name, text) => {
      fs.mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
      fs.writeFileSync(path.join(this.folder, name), text);
    };
    const debian = path.join(DEBIAN, 'nginx-common/etc/nginx');
    file('nginx.conf', replaced(fs.readFileSync(path.join(debian, 'nginx.conf'), 'utf8'),
        ['/run/nginx.pid', `${this.folder}/nginx.pid`], ['/var/log/nginx/error.log', 'stderr'],
        ['/var/log/nginx/', `${this.folder}/`], ['/etc/nginx/', `${this.folder}/`]));
    file('mime.types', fs.readFileSync(path.join(debian, 'mime.types')));
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((kind) => `${kind}_temp_path ${this.folder}/${kind};`);
    // Settings of other sites, which ours has to withstand.
    const others = ['gzip_types *;', 'gzip_proxied any;', 'gzip_min_length 1;', 'proxy_ignore_headers X-Accel-Buffering;'];
    file('conf.d/all.conf', [...temporary, ...others].join('\n'));
    file('sites-enabled/sluice.conf', replaced(this.configuration(),
        ['server 127.0.0.1:8080;', `server ${upstream};`],
        ['listen 80;', `listen ${this.host}:${this.plainPort};`], ['listen [::]:80;', ''],
        ['listen 443 ssl http2;', `listen ${this.host}:${this.port} ssl http2;`], ['listen [::]:443 ssl http2;', ''],
        ['/etc/letsencrypt/live/sluice.example.com/fullchain.pem', this.certificate],
        ['/etc/letsencrypt/live/sluice.example.com/privkey.pem', this.key],
        ['server_name sluice.example.com;', `server_name ${this.host};`]));
    return startBound(program('nginx', 'usr/sbin/nginx'),
                      ['-p', this.folder, '-c', `${this.folder}/nginx.conf`, '-e', 'stderr', '-g', 'daemon off;']);
  }
}

class Caddy extends Front {
  get name() { return 'Caddy'; }
  get signal() { return 'SIGQUIT'; }  // SIGTERM waits for streams, as grace_period says

  reload() {
    execFileSync(this.program, ['reload', '--force', '--config', this.file, '--adapter', 'caddyfile', '--address', this.admin],
                 { stdio: 'pipe' });
  }

  run(upstream) {
    this.program = program('caddy', 'usr/bin/caddy');
    this.file = path.join(this.folder, 'Caddyfile');
    this.admin = `unix/${this.folder}/admin`;
    fs.writeFileSync(this.file, replaced(shipped('Caddyfile'),
        ['\tgrace_period ', `\tadmin ${this.admin}\n\tdefault_bind ${this.host}\n\thttp_port ${this.plainPort}\n\tgrace_period `],
        ['sluice.example.com {', `https://${this.host}:${this.port} {\n\ttls ${this.certificate} ${this.key}`],
        ['127.0.0.1:8080', upstream]));
    const env = { HOME: this.folder, XDG_DATA_HOME: this.folder, XDG_CONFIG_HOME: this.folder };
    return startBound(this.program, ['run', '--config', this.file, '--adapter', 'caddyfile'], { env });
  }
}

// nginx as README.md has it for readers that hang at a reset: the bridge's cuts look like ends.
class NginxThatEnds extends Nginx {
  configuration() { return replaced(super.configuration(), ['proxy_http_version 1.1;', 'proxy_http_version 1.0;']); }
}

// A server of one test's own.
async function startFront(t, Server, upstream) {
  const front = new Server();
  t.after(() => front.stop());
  return front.start(upstream);
}

module.exports = { Caddy, Nginx, NginxThatEnds, startFront };
