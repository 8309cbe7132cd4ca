'use strict';

// A TCP proxy between a page and a bridge that cuts connections where a test says. It serves a blank page at `/` itself, so
// that a page can be of the stream's own origin.

const crypto = require('node:crypto');
const net = require('node:net');
const { until } = require('./until.js');

const PAGE = '<!doctype html><meta charset="utf-8"><title>reader</title><link rel="icon" href="data:,">';
const BLANK = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${PAGE.length}\r\n` +
    `Connection: close\r\n\r\n${PAGE}`;

// Where to cut: `find` says how many bytes of the response so far may pass, or -1 if the place has not come yet. A test may add
// `when`, which gives a promise: the connection stands still at the place, and is cut when that is kept. (A browser may drop
// what it has not read yet when its connection breaks.)
const RST = 'RST';
const FIN = 'FIN';
const afterBytes = (count, how) => ({ how, find: (bytes) => (bytes.length >= count ? count : -1) });
const afterHead = (count, how) => ({
  how,
  find: (bytes) => {
    const head = bytes.indexOf('\r\n\r\n');
    return head >= 0 && bytes.length >= head + 4 + count ? head + 4 + count : -1;
  },
});
// `count` bytes into the first `text`.
const inside = (text, count, how) => ({
  how,
  find: (bytes) => {
    const at = bytes.indexOf(text);
    return at >= 0 && bytes.length >= at + count ? at + count : -1;
  },
});

// Numbers below a bound, the same ones for the same seed and name (xorshift).
function random(seed, name) {
  let state = crypto.createHash('sha256').update(`${seed}/${name}`).digest().readUInt32LE() || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

// The path of a topic's stream, by which a proxy knows its requests.
const eventsOf = (topic, query = '') => `/v1/topics/${topic}/events${query}`;

class CuttingProxy {
  // `cut` is asked at each request: its { target, nth } (how many of that target came before) -> where to cut the response,
  // or undefined. With `http10` the bridge sees a reader of HTTP/1.0, as a proxy would be. `own` is what the proxy answers by
  // itself, target -> bytes.
  constructor({ cut = () => undefined, http10 = false, own = { '/': BLANK } } = {}) {
    this.cut = cut;
    this.http10 = http10;
    this.own = own;
    this.requests = [];  // { target, nth, lastEventId, head, status, at, cut }
    this.connections = new Set();
    this.server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.serve(socket));
    this.server.on('error', () => {});
  }

  async start(bridge) {
    await new Promise((resolve, reject) => {
      this.server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    this.http = `http://127.0.0.1:${this.server.address().port}`;
    this.bridge = bridge;
    return this;
  }

  of(target) { return this.requests.filter((request) => request.target === target); }
  cuts(target) { return this.of(target).filter((request) => request.cut).length; }

  // New requests wait, and their readers with them, until release().
  hold() { this.held ??= new Promise((resolve) => { this.open = resolve; }); }
  release() {
    this.held = undefined;
    this.open?.();
  }

  // Cuts what is open to a target.
  drop(target, how) {
    for (const connection of this.connections) {
      if (connection.request?.target === target) this.end(connection, how);
    }
  }

  serve(socket) {
    const connection = { socket };
    this.connections.add(connection);
    let bytes = Buffer.alloc(0);
    socket.on('data', (more) => {
      bytes = Buffer.concat([bytes, more]);
      for (let end; (end = bytes.indexOf('\r\n\r\n')) >= 0; bytes = bytes.subarray(end + 4)) {
        this.request(connection, bytes.toString('latin1', 0, end + 4));
      }
    });
    socket.on('end', () => this.close(connection));
    socket.on('error', () => {});
    socket.on('close', () => this.close(connection));
  }

  async request(connection, head) {
    const target = head.split(' ', 2)[1];
    if (this.own[target] !== undefined) return connection.socket.end(this.own[target]);
    const nth = this.of(target).length;
    const lastEventId = /^last-event-id: *(.*)\r$/im.exec(head)?.[1];
    const request = { target, nth, lastEventId, head, at: performance.now(), status: undefined, cut: undefined };
    this.requests.push(request);
    connection.request = request;
    connection.seen = Buffer.alloc(0);
    connection.passed = 0;
    connection.where = this.cut(request);
    await this.held;
    if (connection.closed) return undefined;
    if (!connection.upstream) this.connect(connection);
    return connection.upstream.write(this.http10 ? head.replace(' HTTP/1.1\r\n', ' HTTP/1.0\r\n') : head, 'latin1');
  }

  connect(connection) {
    const upstream = net.connect({ host: '127.0.0.1', port: this.bridge.port, noDelay: true });
    connection.upstream = upstream;
    upstream.on('data', (bytes) => this.answer(connection, bytes));
    upstream.on('end', () => connection.socket.end());
    upstream.on('error', () => this.end(connection, RST));  // the bridge is not there
  }

  answer(connection, bytes) {
    const { request, socket } = connection;
    if (request.cut) return;
    connection.seen = Buffer.concat([connection.seen, bytes]);
    request.status ??= Number(/^HTTP\/1\.[01] (\d{3})/.exec(connection.seen.toString('latin1', 0, 12))?.[1]) || undefined;
    const end = connection.where?.find(connection.seen) ?? -1;
    if (end < 0) {
      connection.passed += bytes.length;
      socket.write(bytes);
      return;
    }
    request.cut = { how: connection.where.how, after: end };
    connection.upstream.destroy();
    // A place that was passed already is cut where the stream stands.
    socket.write(connection.seen.subarray(connection.passed, Math.max(connection.passed, end)), async () => {
      await connection.where.when?.().catch(() => {});
      request.cut.at = performance.now();
      this.end(connection, connection.where.how);
    });
  }

  end(connection, how) {
    if (connection.request) connection.request.cut ??= { how, after: connection.passed, at: performance.now() };
    connection.upstream?.destroy();
    if (how === RST) connection.socket.resetAndDestroy();
    else connection.socket.end();
  }

  close(connection) {
    connection.closed = true;
    connection.upstream?.destroy();
    connection.socket.destroy();
    this.connections.delete(connection);
  }

  stop() {
    this.release();
    for (const connection of this.connections) this.close(connection);
    this.server.close();
  }

  async until(what, probe, ms = 30000) {
    const last = () => JSON.stringify(this.requests.slice(-5).map(({ head, ...request }) => request));
    return until(() => `${what}; the proxy saw ${last()}`, probe, ms);
  }
}

// A proxy of one test's own.
async function startProxy(t, bridge, options) {
  const proxy = new CuttingProxy(options);
  t.after(() => proxy.stop());
  return proxy.start(bridge);
}

module.exports = { BLANK, FIN, RST, afterBytes, afterHead, eventsOf, inside, random, startProxy };
