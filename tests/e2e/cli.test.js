'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');
const { Bridge, startBridge, useBridge } = require('./lib/bridge.js');
const { BIN, Child } = require('./lib/process.js');
const { Producer, useProducer, value } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--producer_grace=1s', '--retry=100ms');
const producer = useProducer(bridge);

function sluice(t, args, input) {
  const child = new Child(path.join(BIN, 'sluice'), args, { env: { SLUICE_GRPC: bridge.grpc, SLUICE_HTTP: bridge.http }, input });
  t.after(() => child.stop('SIGKILL'));
  return child;
}

// An upstream whose answer is written by `write(response, request)`.
async function upstream(t, write) {
  const server = http.createServer((request, response) => write(response, request));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => { server.closeAllConnections(); server.close(); });
  return `http://127.0.0.1:${server.address().port}/`;
}

// A way to a bridge that `relay(upstream, client)` makes, once for each connection.
async function detour(t, to, relay) {
  const sockets = new Set();
  const server = net.createServer((client) => {
    const upstream = net.connect({ port: to.port, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.pipe(upstream);
    client.on('close', () => upstream.destroy());
    relay(upstream, client);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

async function exits(child, code) {
  const result = await child.wait();
  assert.equal(result.code, code, `${result.signal ?? ''} ${result.stderr}`);
  return result;
}

const LINES = ['first', '', '  indented', 'Grüße 😀', 'data: x', 'tab\there', 'last'];

test('what goes into `sluice pub` comes out of `sluice sub`, line by line, before and after the end', async (t) => {
  const live = sluice(t, ['sub', 'cli.lines'], '');
  await until('the subscription', async () => (await producer.getTopic('cli.lines'))?.subscribers === 1);
  await exits(sluice(t, ['pub', 'cli.lines', '--end'], `${LINES.join('\n')}\n`), 0);
  assert.equal((await exits(live, 0)).stdout, `${LINES.join('\n')}\n`);
  assert.equal((await exits(sluice(t, ['sub', 'cli.lines'], ''), 0)).stdout, `${LINES.join('\n')}\n`);
});

test('each line is published as it comes, not when the input ends', async (t) => {
  const sub = sluice(t, ['sub', 'cli.live'], '');
  const pub = sluice(t, ['pub', 'cli.live', '--end']);
  for (const line of ['one', 'two', 'three']) {
    pub.stdin.write(`${line}\n`);
    await until(`${line} in the reader`, () => sub.stdout.endsWith(`${line}\n`));
  }
  pub.stdin.end();
  await exits(pub, 0);
  await exits(sub, 0);
});

test('100,000 lines come out as they went in', async (t) => {
  await producer.createTopic({ topic: 'cli.many', settings: { retentionEvents: 100000, retentionBytes: 64 << 20 } });
  const input = Array.from({ length: 100000 }, (_, index) => `line ${index}\n`).join('');
  const sub = sluice(t, ['sub', 'cli.many'], '');
  await exits(sluice(t, ['pub', 'cli.many', '--end'], input), 0);
  assert.ok((await exits(sub, 0)).stdout === input);
});

test('without --end the topic stays open', async (t) => {
  await exits(sluice(t, ['pub', 'cli.open'], 'x\n'), 0);
  assert.equal((await producer.getTopic('cli.open')).state, 'TOPIC_STATE_OPEN');
});

test('`sluice pub --fail` fails the topic, and `sluice sub` exits 1 and says why', async (t) => {
  await exits(sluice(t, ['pub', 'cli.failed', '--fail', 'disk full'], 'x\n'), 0);
  assert.equal((await producer.getTopic('cli.failed')).state, 'TOPIC_STATE_FAILED');
  const { stdout, stderr } = await exits(sluice(t, ['sub', 'cli.failed'], ''), 1);
  assert.equal(stdout, 'x\n');
  assert.match(stderr, /disk full/);
});

test('publishing to a topic that has ended exits 1', async (t) => {
  await producer.batch({ topic: 'cli.over', events: [{ text: 'x' }], end: {} });
  const { stderr } = await exits(sluice(t, ['pub', 'cli.over'], 'more\n'), 1);
  assert.match(stderr, /cli\.over|ended/);
});

test('a topic that cannot be, or an unknown option, exits non-zero with a sentence', async (t) => {
  assert.match((await exits(sluice(t, ['pub', 'a..b'], 'x\n'), 1)).stderr, /topic/);
  assert.match((await exits(sluice(t, ['sub', '--no-such-option', 'x'], ''), 2)).stderr, /no-such-option/);
  await exits(sluice(t, [], ''), 2);
});

test('`sluice sub` starts where --from, --last and --last-event-id say; the id wins', async (t) => {
  const texts = ['one', 'two', 'three', 'four'];
  await producer.batch({ topic: 'cli.start', events: texts.map((text) => ({ id: `id-${text}`, text })), end: {} });
  const from = async (...args) => (await exits(sluice(t, ['sub', 'cli.start', ...args], ''), 0)).stdout.split('\n').slice(0, -1);
  assert.deepEqual(await from('--from', 'earliest'), texts);
  assert.deepEqual(await from('--from', 'latest'), []);
  assert.deepEqual(await from('--last', '2'), ['three', 'four']);
  assert.deepEqual(await from('--from', 'latest', '--last', '1'), ['four']);
  assert.deepEqual(await from('--from', 'latest', '--last', '3', '--last-event-id', 'id-one'), ['two', 'three', 'four']);
});

test('a bridge that restarts under `sluice sub` is a gap, and then everything that comes after', async (t) => {
  const first = await new Bridge().start('--retry=100ms');
  t.after(() => first.stop());
  const sub = sluice(t, ['sub', 'cli.restart', '--http', first.http], '');
  let other = new Producer(first);
  await other.batch({ topic: 'cli.restart', events: [{ text: 'before' }] });
  await until('the event before', () => sub.stdout === 'before\n');
  other.close();
  const listen = `--http_listen=127.0.0.1:${first.port}`;
  await first.stop();

  const second = await startBridge(t, '--retry=100ms', listen);
  other = new Producer(second);
  t.after(() => other.close());
  await until('the reader to be back', async () => (await other.getTopic('cli.restart'))?.subscribers === 1, 20000);
  await other.batch({ topic: 'cli.restart', events: [{ text: 'after' }, { text: 'last' }], end: {} });
  const { stdout, stderr } = await exits(sub, 0);
  assert.equal(stdout, 'before\nafter\nlast\n');
  assert.match(stderr, /^sluice: the connection was lost: .*; coming back$/m);
  assert.match(stderr, /^sluice: events are missing: epoch_changed, went on at [a-z2-7]{13}-\d+$/m);
});

test('a bridge that stays away exits 1 after the time that is given for it, and Ctrl-C ends the wait', async (t) => {
  const own = await new Bridge().start('--retry=100ms');
  t.after(() => own.stop());
  const sub = (...args) => sluice(t, ['sub', 'cli.away', '--http', own.http, ...args], '');
  const once = sub('--no-reconnect');
  const patient = sub('--max-reconnect-time', '500ms');
  const stubborn = sub('--max-reconnect-time', 'inf');
  const other = new Producer(own);
  await until('three subscribers', async () => (await other.getTopic('cli.away'))?.subscribers === 3);
  other.close();
  await own.stop();
  assert.match((await exits(once, 1)).stderr, /^sluice: the connection was lost: [^\n]*\n$/);
  assert.match((await exits(patient, 1)).stderr, /can't reach the bridge at .*; gave up after 500ms\n$/);
  await until('the last one to wait', () => /coming back/.test(stubborn.stderr));
  assert.equal((await stubborn.stop('SIGINT')).code, 130);
});

for (const [how, cut] of [['closes', (socket) => socket.end()], ['resets', (socket) => socket.resetAndDestroy()]]) {
  test(`behind something that ${how} connections anywhere, each event comes out once and in order`, async (t) => {
    const topic = `cli.cut.${how}`;
    const texts = Array.from({ length: 150 }, (_, index) => `event ${index} ${'x'.repeat(index)}`);
    const half = texts.length / 2;
    await producer.batch({ topic, events: texts.slice(0, half).map((text) => ({ text })) });
    let connections = 0;
    const url = await detour(t, bridge, (upstream, client) => {
      // Each lets a few events more through than the one before, and breaks at another place.
      let left = 1200 + 331 * connections;
      connections += 1;
      upstream.on('data', (bytes) => {
        if (left <= 0) return;
        const part = bytes.subarray(0, left);
        left -= part.length;
        client.write(part, () => { if (left <= 0) cut(client); });
      });
      upstream.on('end', () => client.end());
    });
    const sub = sluice(t, ['sub', topic, '--http', url, '--json'], '');
    await until('half of them', () => sub.stdout.split('\n').length > half, 60000);
    await producer.batch({ topic, events: texts.slice(half).map((text) => ({ text })), end: {} });
    const { stdout } = await sub.wait(60000);
    assert.deepEqual(stdout.trim().split('\n').map((line) => JSON.parse(line).data), texts);
    assert.ok(connections > 3, `only ${connections} connections`);
  });
}

test('a connection that has silently died is noticed by its missing heartbeats', async (t) => {
  const swallowed = [];
  const url = await detour(t, bridge, (upstream, client) => {
    const dies = swallowed.push([]) === 1;
    upstream.on('data', (bytes) => {
      if (dies && bytes.includes('never seen')) swallowed[0].push(bytes);
      if (!dies || swallowed[0].length === 0) client.write(bytes);
    });
    upstream.on('end', () => client.end());
  });
  const sub = sluice(t, ['sub', 'cli.silent', '--http', url, '--heartbeat', '1'], '');
  await producer.batch({ topic: 'cli.silent', events: [{ text: 'seen' }] });
  await until('the first event', () => sub.stdout === 'seen\n');
  await producer.batch({ topic: 'cli.silent', events: [{ text: 'never seen over that connection' }] });
  await until('the second one, over another', () => sub.stdout === 'seen\nnever seen over that connection\n', 30000);
  assert.match(sub.stderr, /^sluice: the connection was lost: nothing came for 3s; coming back$/m);
  await producer.batch({ topic: 'cli.silent', end: {} });
  await exits(sub, 0);
});

test('a failed end exits 1 under whatever name the bridge tells it, and a completed one without [DONE] exits 0', async (t) => {
  const own = await startBridge(t, '--error_event=failure');
  const other = new Producer(own);
  t.after(() => other.close());
  await other.batch({ topic: 'cli.renamed', events: [{ text: 'x' }], end: { error: { code: 8, message: 'disk full' } } });
  for (const args of [[], ['--error-event', 'failure']]) {
    const { stdout, stderr } = await exits(sluice(t, ['sub', 'cli.renamed', '--http', own.http, ...args], ''), 1);
    assert.equal(stdout, 'x\n');
    assert.equal(stderr, 'sluice: the topic failed: RESOURCE_EXHAUSTED: disk full\n');
  }
  await other.createTopic({ topic: 'cli.unmarked', settings: { omitDoneMarker: true } });
  const live = sluice(t, ['sub', 'cli.unmarked', '--http', own.http], '');
  await other.batch({ topic: 'cli.unmarked', events: [{ text: 'y' }] });
  await until('the event', () => live.stdout === 'y\n');
  await other.batch({ topic: 'cli.unmarked', end: {} });
  assert.equal((await exits(live, 0)).stdout, 'y\n');
});

test('`sluice sub | head -1` ends as soon as head does', async (t) => {
  const pipeline = new Child('bash', ['-c', 'set -o pipefail; "$0" sub cli.head | head -1', path.join(BIN, 'sluice')],
                             { env: { SLUICE_HTTP: bridge.http }, input: '' });
  t.after(() => pipeline.stop('SIGKILL'));
  await producer.batch({ topic: 'cli.head', events: [{ text: 'first' }] });
  const { stdout, stderr } = await exits(pipeline, 1);
  assert.deepEqual([stdout, stderr], ['first\n', '']);
});

test('`sluice sub` exits 130 on Ctrl-C', async (t) => {
  const sub = sluice(t, ['sub', 'cli.interrupt'], '');
  await until('the subscription', async () => (await producer.getTopic('cli.interrupt'))?.subscribers === 1);
  assert.equal((await sub.stop('SIGINT')).code, 130);
});

test('a bridge that is not there exits 1', async (t) => {
  await exits(sluice(t, ['sub', 'x', '--http', 'http://127.0.0.1:1'], ''), 1);
  await exits(sluice(t, ['pub', 'x', '--grpc', '127.0.0.1:1'], 'x\n'), 1);
});

test('`sluice sub --json` prints an event a line, as history has it', async (t) => {
  await producer.batch({ topic: 'cli.json', events: [{ id: 'i', type: 'tick', text: 'two\nlines' }, { json: value({ n: 1 }) }], end: {} });
  const { stdout } = await exits(sluice(t, ['sub', 'cli.json', '--json'], ''), 0);
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  const history = await (await fetch(`${bridge.http}/v1/topics/cli.json/history`)).json();
  assert.deepEqual(events, history.events);
  assert.deepEqual(Object.keys(events[0]), ['topic', 'id', 'cursor', 'type', 'data', 'json', 'time']);
  assert.deepEqual(events.map(({ topic, id, type, data, json }) => [topic, id, type, data, json]),
                   [['cli.json', 'i', 'tick', 'two\nlines', false], ['cli.json', events[1].cursor, '', '{"n":1}', true]]);
  for (const id of ['i', events[0].cursor]) {
    const after = await exits(sluice(t, ['sub', 'cli.json', '--json', '--last-event-id', id, '--heartbeat', '1'], ''), 0);
    assert.equal(after.stdout, `${JSON.stringify(events[1])}\n`);
  }
});

test('`sluice sub --json` prints gaps in the shape of events, and no failed end, whatever producers call an error', async (t) => {
  const error = { type: 'error', json: value({ code: 'ABORTED', message: 'not the end' }) };
  await producer.batch({ topic: 'cli.json.gap', events: [error, error], end: { error: { code: 8, message: 'disk full' } } });
  const { stdout, stderr } = await exits(sluice(t, ['sub', 'cli.json.gap', '--json', '--last-event-id', 'nobodys'], ''), 1);
  const [gap, ...events] = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(Object.keys(gap), Object.keys(events[0]));
  assert.deepEqual([gap.topic, gap.type, gap.json, gap.time], ['cli.json.gap', 'sluice.gap', true, null]);
  assert.equal(JSON.parse(gap.data).resumed, gap.cursor);
  assert.deepEqual(events.map(({ type, data }) => [type, data]), Array(2).fill(['error', '{"code":"ABORTED","message":"not the end"}']));
  assert.match(stderr, /unknown_id.*\nsluice: the topic failed: RESOURCE_EXHAUSTED: disk full\n$/);
});

test('`sluice sub --json` has each event by itself also where a topic joins texts', async (t) => {
  await producer.createTopic({ topic: 'cli.json.join', settings: { coalesce: true } });
  await producer.batch({ topic: 'cli.json.join', events: ['a', 'b', 'c'].map((text) => ({ text })), end: {} });
  assert.equal((await exits(sluice(t, ['sub', 'cli.json.join'], ''), 0)).stdout, 'abc\n');
  const { stdout } = await exits(sluice(t, ['sub', 'cli.json.join', '--json'], ''), 0);
  assert.deepEqual(stdout.trim().split('\n').map((line) => JSON.parse(line).data), ['a', 'b', 'c']);
});

test('`sluice relay` passes an upstream of server-sent events on, with types and ids, and takes [DONE] for the end', async (t) => {
  const url = await upstream(t, (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: first\n\nid: u-2\nevent: tick\ndata: two\ndata: lines\n\n: a comment\n\n');
    response.end('data: [DONE]\n\n');
  });
  await exits(sluice(t, ['relay', url, 'relay.sse'], ''), 0);
  const { stdout } = await exits(sluice(t, ['sub', 'relay.sse', '--json'], ''), 0);
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ type, data }) => [type, data]), [['', 'first'], ['tick', 'two\nlines']]);
  assert.equal(events[1].id, 'u-2');
  assert.equal((await producer.getTopic('relay.sse')).state, 'TOPIC_STATE_COMPLETED');
});

test('`sluice relay` splits a plain chunked upstream into lines, wherever the chunks are cut', async (t) => {
  const url = await upstream(t, (response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    const bytes = Buffer.from('first line\nGrüße\n\nlast, without a line end');
    for (const byte of bytes) response.write(Buffer.from([byte]));
    response.end();
  });
  await exits(sluice(t, ['relay', url, 'relay.plain'], ''), 0);
  const { stdout } = await exits(sluice(t, ['sub', 'relay.plain'], ''), 0);
  assert.equal(stdout, 'first line\nGrüße\n\nlast, without a line end\n');
});

test('`sluice relay` fails the topic if the upstream breaks off', async (t) => {
  const url = await upstream(t, (response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain' });
    response.write('only this\n', () => response.socket.destroy());
  });
  await exits(sluice(t, ['relay', url, 'relay.broken'], ''), 1);
  await until('the topic to fail', async () => (await producer.getTopic('relay.broken')).state === 'TOPIC_STATE_FAILED');
});

test('`sluice relay` fails the topic if the upstream says nothing for its idle timeout', async (t) => {
  const url = await upstream(t, (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: then nothing\n\n');
  });
  const { stderr } = await exits(sluice(t, ['relay', url, 'relay.idle', '--idle-timeout', '1s'], ''), 1);
  assert.match(stderr, /idle|silent|nothing/i);
  await until('the topic to fail', async () => (await producer.getTopic('relay.idle')).state === 'TOPIC_STATE_FAILED');
});

test('`sluice relay` of an upstream that refuses exits 1 and says its status', async (t) => {
  const url = await upstream(t, (response) => response.writeHead(503).end('busy'));
  assert.match((await exits(sluice(t, ['relay', url, 'relay.refused'], ''), 1)).stderr, /503/);
});
