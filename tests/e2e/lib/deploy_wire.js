'use strict';

// What goes over the wire through a server of scripts/deploy, seen by clients that see everything.

const assert = require('node:assert/strict');
const http2 = require('node:http2');
const { test } = require('node:test');
const { ADDRESS, freePort } = require('./address.js');
const { startBridge } = require('./bridge.js');
const { startFront } = require('./deploy.js');
const { newProducer, upstreamOf } = require('./deploy_tests.js');
const { MS, openPage } = require('./follow.js');
const { Child } = require('./process.js');
const { eventsOf, startProxy } = require('./proxy.js');
const { openStream } = require('./raw.js');
const { until } = require('./until.js');

const READER = { accept: 'text/event-stream', 'accept-encoding': 'gzip, deflate, br, zstd' };

// One HTTP/2 connection to the server, its certificate verified.
class Session {
  constructor(t, front) {
    this.front = front;
    this.session = http2.connect(front.https, { ca: front.ca });
    this.session.on('error', () => {}).on('goaway', () => { this.goneAway = true; });
    t.after(() => this.session.destroy());
  }

  // A request as it goes on: { head, text, ended, error }; `ended` is an end of its own, `error` the code of a reset.
  send(path, fields = {}, body) {
    const stream = this.session.request({ ':path': path, ...fields }, { endStream: body === undefined });
    const answer = { text: '' };
    stream.setEncoding('utf8').on('data', (text) => { answer.text += text; });
    stream.on('response', (head) => { answer.head = head; });
    stream.on('end', () => { answer.ended = true; }).on('error', () => {});
    stream.on('close', () => { answer.closed = true; answer.error = stream.rstCode; });
    if (body !== undefined) stream.end(body);
    return answer;
  }

  // An answer may be whole before the request is (RFC 9113, section 8.1). The rest of that is not wanted, and then Node.js may
  // never call the stream closed.
  async whole(...request) {
    const answer = this.send(...request);
    await until(() => `the whole answer to ${request[0]}`, () => answer.ended || answer.closed, MS);
    return answer;
  }

  async open(path, fields = {}) {
    const answer = this.send(path, { ...READER, ...fields });
    await until(`the opening of ${path}`, () => /^retry: \d+\n:.*\n/.test(answer.text), MS);
    return answer;
  }
}

function curl(t, front, ...words) {
  const child = new Child('curl', ['-sS', '-N', '--cacert', front.certificate, ...words]);
  t.after(() => child.stop('SIGKILL'));
  return child;
}

// `cut` is what a reader sees of a stream that the bridge cuts: 'reset' or 'end'.
function wireTests(name, Server, browser, { cut }) {
  test(`a stream is the bridge's own, byte for byte, with its heartbeats and uncompressed: ${name}`, async (t) => {
    const bridge = await startBridge(t, '--heartbeat=1s');
    const producer = newProducer(t, bridge);
    const front = await startFront(t, Server, upstreamOf(bridge));
    const session = new Session(t, front);
    const [through, direct] = [await session.open(eventsOf('a')), await openStream(t, bridge, eventsOf('a'))];
    const beats = (text) => text.split(': heartbeat\n').length - 1;
    await until('heartbeats', () => beats(through.text) >= 2 && beats(direct.text) >= 2, MS);
    for (let n = 1; n <= 3; ++n) {
      await producer.batch({ topic: 'a', events: [{ text: `${n}\n${'compressible '.repeat(1000)}` }] });
      await until(`event ${n}`, () => through.text.includes(`data: ${n}\n`), MS);
    }
    await producer.batch({ topic: 'a', end: {} });
    await until('the end', () => through.ended && through.closed && direct.ended, MS);
    const silent = (text) => text.replaceAll(': heartbeat\n', '');
    assert.equal(silent(through.text), silent(direct.text));
    assert.equal(through.error, http2.constants.NGHTTP2_NO_ERROR);
    const { head } = through;
    assert.deepEqual([head[':status'], head['content-type'], head['cache-control'], head['content-encoding']],
                     [200, 'text/event-stream; charset=utf-8', 'no-cache, no-transform', undefined]);
    const last = /id: (\S+)\ndata: \[DONE\]/.exec(through.text)[1];
    assert.equal((await session.whole(eventsOf('a'), { ...READER, 'last-event-id': last })).head[':status'], 204);
  });

  test(`the bridge is told who asks for what, over HTTP/1.1 connections that are kept: ${name}`, async (t) => {
    const bridge = await startBridge(t);
    const proxy = await startProxy(t, bridge);
    let connections = 0;
    proxy.server.on('connection', () => ++connections);
    const front = await startFront(t, Server, upstreamOf(proxy));
    const session = new Session(t, front);
    for (let n = 0; n < 5; ++n) assert.equal((await session.whole(`/v1/topics/none/history?n=${n}`)).head[':status'], 404);
    assert.equal(connections, 1, 'one connection for one request after the other');
    await session.open('/v1/topics/a/events?from=latest&x=%C3%A9', {
      'last-event-id': 'job-7/step=1', authorization: 'Bearer abc', cookie: 'sluice_token=def',
      'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'gopher',
    });
    const [{ head }] = proxy.requests.slice(-1);
    const [line, ...lines] = head.trimEnd().split('\r\n');
    const fields = Object.fromEntries(lines.map((field) => field.split(': ')).map(([key, value]) => [key.toLowerCase(), value]));
    assert.equal(line, 'GET /v1/topics/a/events?from=latest&x=%C3%A9 HTTP/1.1');
    assert.deepEqual([fields.host, fields['last-event-id'], fields.authorization, fields.cookie, fields.accept],
                     [`${front.host}:${front.port}`, 'job-7/step=1', 'Bearer abc', 'sluice_token=def', 'text/event-stream']);
    assert.deepEqual([fields['x-forwarded-for'], fields['x-forwarded-proto'], fields.connection], ['127.0.0.1', 'https', undefined],
                     'what a client says of itself is not passed on');
  });

  test(`while the bridge is away its readers' requests break, and others are told: ${name}`, async (t) => {
    const front = await startFront(t, Server, `${ADDRESS}:${await freePort()}`);
    const session = new Session(t, front);
    const reader = await session.whole(eventsOf('a'), READER);
    assert.deepEqual([reader.head, reader.text], [undefined, '']);
    assert.notEqual(reader.error, http2.constants.NGHTTP2_NO_ERROR);
    for (const request of [['/v1/topics/a/history'], [eventsOf('a')], [eventsOf('a'), { ':method': 'POST' }, 'hi']]) {
      const { head, text } = await session.whole(...request);
      assert.deepEqual([head[':status'], head['content-type'], head['retry-after']], [502, 'application/json', '1']);
      assert.deepEqual(JSON.parse(text), { error: { code: 'UNAVAILABLE', message: 'the bridge is away' } });
    }
    assert.ok(!session.session.destroyed && !session.goneAway, 'the connection is still there');
    const old = curl(t, front, '--http1.1', '-H', 'Accept: text/event-stream', front.https + eventsOf('a'));
    assert.equal((await old.wait()).code, 52, 'empty reply');
  });

  test(`a stream that the bridge cuts comes to a reader as ${cut === 'end' ? 'an end' : 'a reset'}: ${name}`, async (t) => {
    const bridge = await startBridge(t, '--drain=500ms');
    const front = await startFront(t, Server, upstreamOf(bridge));
    const reader = await new Session(t, front).open(eventsOf('a'));
    await bridge.stop();
    await until('the reader to notice', () => reader.closed, MS);
    assert.match(reader.text, /^retry: 2000\n: sluice\nretry: \d+\n$/, 'told when to come back');
    assert.deepEqual([reader.ended ?? false, reader.error === http2.constants.NGHTTP2_NO_ERROR],
                     cut === 'end' ? [true, true] : [false, false]);
  });

  test(`a reload costs no stream, and a stop waits for none: ${name}`, async (t) => {
    const bridge = await startBridge(t);
    const producer = newProducer(t, bridge);
    const front = await startFront(t, Server, upstreamOf(bridge));
    const session = new Session(t, front);
    const reader = await session.open(eventsOf('a'));
    front.reload();
    await until('the old connection to take no more requests', () => session.goneAway, MS);
    const another = await new Session(t, front).open(eventsOf('a'));
    await producer.batch({ topic: 'a', events: [{ text: 'to both' }] });
    await until('both to have it', () => [reader, another].every(({ text }) => text.includes('data: to both\n')), MS);
    assert.equal((await front.child.stop('SIGTERM')).code, 0);
    await until('both to be closed', () => reader.closed && another.closed);
  });

  test(`one connection has room for 200 streams and 1,200 requests: ${name}`, async (t) => {
    const bridge = await startBridge(t);
    const front = await startFront(t, Server, upstreamOf(bridge));
    const session = new Session(t, front);
    const streams = await Promise.all(Array.from({ length: 200 }, (_, n) => session.open(eventsOf(`many.${n}`))));
    for (let n = 0; n < 20; ++n) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => session.whole('/v1/topics/none/history')));
      assert.deepEqual(answers.map(({ head }) => head[':status']), Array(50).fill(404));
    }
    assert.deepEqual([session.goneAway, streams.filter(({ closed }) => closed).length], [undefined, 0]);
  });

  test(`a page publishes what the bridge allows, up to the bridge's own limit: ${name}`, async (t) => {
    const bridge = await startBridge(t, '--http_publish', '--max_event_bytes=2MiB', '--retention_bytes=8MiB');
    const front = await startFront(t, Server, upstreamOf(bridge));
    const page = await openPage(t, browser, { http: front.https });
    const post = (bytes) => page.evaluate(async ([target, bytes]) => {
      const { status } = await fetch(target, { method: 'POST', body: 'x'.repeat(bytes) });
      return status;
    }, [eventsOf('a'), bytes]);
    assert.equal(await post(2), 200, 'its Origin is the Host that the bridge sees');
    assert.equal(await post(3 << 19), 200);
    const large = await new Session(t, front).whole(eventsOf('a'), { ':method': 'POST' }, 'x'.repeat(5 << 19));
    assert.equal(large.head[':status'], 413);
    assert.equal(JSON.parse(large.text).error.code, 'RESOURCE_EXHAUSTED', 'in the words of the bridge');
  });

  test(`curl reads a stream as it comes, and plain HTTP is sent to HTTPS: ${name}`, async (t) => {
    const bridge = await startBridge(t);
    const producer = newProducer(t, bridge);
    const front = await startFront(t, Server, upstreamOf(bridge));
    const reader = curl(t, front, '--http2', '-w', '%{http_version} %{http_code}', front.https + eventsOf('a'));
    for (let n = 0; n < 3; ++n) {
      await producer.batch({ topic: 'a', events: [{ text: `line ${n}` }] });
      await until(`line ${n}`, () => reader.stdout.includes(`\ndata: line ${n}\n\n`), MS);
    }
    await producer.batch({ topic: 'a', end: {} });
    const { code, stdout } = await reader.wait();
    assert.equal(code, 0);
    assert.match(stdout, /\ndata: \[DONE\]\n\n2 200$/);
    const moved = curl(t, front, '-o', '/dev/null', '-w', '%{http_code} %{redirect_url}', `${front.http}/v1/topics/a/events?last=1`);
    assert.match((await moved.wait()).stdout, new RegExp(`^30[18] https://${front.host}(:\\d+)?/v1/topics/a/events\\?last=1$`));
  });
}

module.exports = { wireTests };
