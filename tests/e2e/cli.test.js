'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const path = require('node:path');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { BIN, Child } = require('./lib/process.js');
const { useProducer, value } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--producer_grace=1s');
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

test('`sluice sub` exits 130 on Ctrl-C', async (t) => {
  const sub = sluice(t, ['sub', 'cli.interrupt'], '');
  await until('the subscription', async () => (await producer.getTopic('cli.interrupt'))?.subscribers === 1);
  assert.equal((await sub.stop('SIGINT')).code, 130);
});

test('a bridge that is not there exits 1', async (t) => {
  await exits(sluice(t, ['sub', 'x', '--http', 'http://127.0.0.1:1'], ''), 1);
  await exits(sluice(t, ['pub', 'x', '--grpc', '127.0.0.1:1'], 'x\n'), 1);
});

test('`sluice sub --json` prints an event a line', async (t) => {
  await producer.batch({ topic: 'cli.json', events: [{ id: 'i', type: 'tick', text: 'two\nlines' }, { json: value({ n: 1 }) }], end: {} });
  const { stdout } = await exits(sluice(t, ['sub', 'cli.json', '--json'], ''), 0);
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(events.length, 2);
  assert.equal(events[0].id, 'i');
  assert.equal(events[0].type, 'tick');
  assert.equal(events[0].data, 'two\nlines');
  assert.equal(events[1].data, '{"n":1}');
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
