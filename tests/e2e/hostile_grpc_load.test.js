'use strict';

// More than a bridge can take: calls, connections, memory, descriptors, and peers that fall silent. Groups 51, 57-60, 63
// and 66 of the table in tests/README.md, and the settings max_streams, max_grpc_connections, grpc_memory and grpc_keepalive.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { checkLog } = require('./lib/hostile.js');
const { FLAG, Http2, TYPE, data, headers, message, request } = require('./lib/http2.js');
const { connect, open, requestOf, textsOf } = require('./lib/http2_call.js');
const { useGrpcScene } = require('./lib/http2_scene.js');
const { PUBLISH, Producer, failure, status } = require('./lib/producer.js');
const { until } = require('./lib/until.js');
const { isSanitized, memory, mib, threads } = require('./lib/usage.js');

const scene = useGrpcScene('--max_grpc_connections=1100');

const stream = (index) => 2 * index + 1;
const opening = (index) => headers(stream(index), request(PUBLISH));
const publishing = (index, topic) => Buffer.concat([opening(index), data(stream(index), textsOf(topic, 'x'))]);
const many = (count, make) => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));

async function dial(t, bridge, options) {
  const client = new Http2(bridge, options);
  t.after(() => client.close());
  await client.until("the server's settings", () => client.closed || client.frames(TYPE.SETTINGS) > 0);
  return client;
}

const producers = (producer, topic, count) => until(
    `${topic} to have ${count} producers`, async () => ((await producer.getTopic(topic))?.producers ?? 0) === count, 30000);

scene.test('63 1,000 calls on one connection are served; one more closes it, and none has ended its topic', async (t) => {
  const client = await dial(t, scene.bridge);
  client.send(many(1000, (index) => publishing(index, 'calls')));
  await producers(scene.producer, 'calls', 1000);
  await scene.unharmed();
  client.send(publishing(1000, 'calls'));
  await client.until('the connection to close', () => client.closed, 20000);
  await producers(scene.producer, 'calls', 0);
  const topic = await scene.producer.getTopic('calls');
  assert.deepEqual([topic.events, topic.state], [1000, 'TOPIC_STATE_OPEN']);
});

scene.test('63 a client that keeps to the settings has the rest of its 1,500 calls wait', async (t) => {
  const session = await connect(t, scene.bridge);
  const streams = Array.from({ length: 1500 }, () => open(session));
  for (const one of streams.slice(0, 1000)) one.write(textsOf('waiting', 'x'));
  await producers(scene.producer, 'waiting', 1000);
  for (const one of streams.slice(1000)) one.end(textsOf('waiting', 'x'));
  await scene.unharmed();
  assert.equal((await scene.producer.getTopic('waiting')).events, 1000);
  for (const one of streams.slice(0, 1000)) one.end();
  const results = await Promise.all(streams.map((one) => one.result));
  assert.ok(results.every((result) => result.status === status.OK));
});

// gRPC 1.51 asks a client to keep to its settings only once the client has acknowledged them.
scene.test('63 a client that never acknowledges the settings hurts nobody with 5,000 calls', async (t) => {
  const client = await dial(t, scene.bridge, { ack: false });
  client.send(many(5000, opening));
  await client.flushed();
  await scene.unharmed();
  client.close();
  await scene.atRest();
});

scene.test('63 1,000 connections with an idle call each cost less than 128 KiB each, and leave nothing', async (t) => {
  const before = memory(scene.bridge.pid);
  const clients = [];
  for (let batch = 0; batch < 10; ++batch) {
    clients.push(...await Promise.all(Array.from({ length: 100 }, () => dial(t, scene.bridge))));
  }
  for (const client of clients) client.send(publishing(0, 'idle'));
  await producers(scene.producer, 'idle', 1000);
  await scene.unharmed();
  const each = (memory(scene.bridge.pid) - before) / 1000;
  if (!isSanitized(scene.bridge.pid)) assert.ok(each < 128 << 10, `${each} bytes`);
  assert.ok(clients.every((client) => !client.closed));
  for (const client of clients) client.close();
  await producers(scene.producer, 'idle', 0);
});

scene.test('66 200 open streams of reflection take no threads, hold up nobody else, and reflection is there again afterwards', async (t) => {
  const REFLECTION = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';
  const ask = (index, flags = 0) => Buffer.concat([
    headers(stream(index), request(REFLECTION)), data(stream(index), message(Buffer.from([0x3a, 1, 0x2a])), flags)]);
  const before = threads(scene.bridge.pid);
  const client = await dial(t, scene.bridge);
  client.send(many(200, (index) => ask(index)));
  await client.until('each to be answered or refused', () => client.frames(TYPE.DATA) + client.done.size >= 200, 20000);
  assert.ok(threads(scene.bridge.pid) < before + 20, `${threads(scene.bridge.pid)} threads, ${before} before`);
  await scene.unharmed();
  client.close();
  await until('reflection to answer', async () => {
    const next = await dial(t, scene.bridge);
    next.send(ask(0, FLAG.END_STREAM));
    await next.until('an answer', () => next.done.has(1), 20000);
    next.close();
    return next.frames(TYPE.DATA) > 0;
  }, 20000);
});

// The call of a producer that is half-open cannot end what another producer has taken over.
scene.test('58 what a lost producer leaves behind does not touch the topic that another one has taken over', async (t) => {
  const client = await dial(t, scene.bridge);
  const topic = 'taken.over';
  client.send(opening(0), data(1, requestOf({ topic, onAbort: 'ON_ABORT_FAIL', events: [{ text: 'the old one' }] })));
  await producers(scene.producer, topic, 1);
  const call = scene.producer.open();
  call.write({ topic, events: [{ text: 'the new one' }] });
  await producers(scene.producer, topic, 2);
  client.socket.resetAndDestroy();
  await producers(scene.producer, topic, 1);
  call.write({ events: [{ text: 'and on' }] });
  call.end();
  await call.response;
  assert.deepEqual(await scene.texts(topic), ['the old one', 'the new one', 'and on', 'the next call', '[DONE]']);
});

scene.test('59 two producers that send the same 500 events at once store each once', async () => {
  const requests = Array.from({ length: 50 }, (_, block) => ({
    topic: 'twice', events: Array.from({ length: 10 }, (_, index) => ({ id: `${10 * block + index}`, text: `${10 * block + index}` })),
  }));
  const other = new Producer(scene.bridge);
  try {
    const answers = await Promise.all([scene.producer.publish(...requests), other.publish(...requests)]);
    assert.equal(answers[0].accepted + answers[1].accepted, 500);
    assert.equal(answers[0].duplicates + answers[1].duplicates, 500);
  } finally {
    other.close();
  }
  const texts = await scene.texts('twice');
  assert.deepEqual(texts, [...Array.from({ length: 500 }, (_, index) => `${index}`), 'the next call', '[DONE]']);
});

scene.test('60 what comes after the end in the same call is FAILED_PRECONDITION; the same end again is fine', async () => {
  const end = { end: {} };
  const again = await scene.producer.publish({ topic: 'end.twice', events: [{ text: 'x' }] }, end, end);
  assert.equal(again.accepted, 1);
  for (const behind of [{ events: [{ text: 'y' }] }, { end: { error: { code: 13 } } }]) {
    const error = await failure(scene.producer.publish({ topic: 'end.then', events: [{ id: 'x', text: 'x' }] }, end, behind));
    assert.equal(error.code, status.FAILED_PRECONDITION, error.message);
  }
  assert.deepEqual((await scene.events('end.then')).map((one) => one.data), ['x', '[DONE]']);
});

scene.close();

async function start(t, ...flags) {
  const bridge = await startBridge(t, ...flags);
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  await producer.batch({ topic: 'good', events: [{ text: 'x' }] });
  return { bridge, producer };
}

// A client that connects and publishes now.
async function serves(bridge) {
  const client = new Http2(bridge);
  try {
    client.send(opening(0), data(1, textsOf('new', 'x'), FLAG.END_STREAM));
    await client.until('an answer', () => client.closed || client.done.has(1), 5000);
    return client.done.has(1);
  } finally {
    client.close();
  }
}

test('more than max_grpc_connections are closed at once, with few words; those that are there go on, and room is used again', async (t) => {
  const { bridge, producer } = await start(t, '--max_grpc_connections=20');
  const clients = [];
  while (clients.length < 19) clients.push(await dial(t, bridge));
  assert.ok(clients.every((client) => !client.closed));
  for (let round = 0; round < 5; ++round) {
    const more = await Promise.all(Array.from({ length: 100 }, () => dial(t, bridge)));
    assert.ok(more.every((client) => client.closed && client.frames(TYPE.SETTINGS) === 0));
  }
  assert.equal((await producer.batch({ topic: 'good', events: [{ text: 'y' }] })).accepted, 1);
  checkLog(bridge.child.stderr);
  assert.ok(bridge.child.stderr.split('\n').length < 10, bridge.child.stderr);
  assert.match(bridge.child.stderr, /WARNING gRPC connections refused max_grpc_connections=20 count=\d+\n/);
  clients[0].close();
  await until('a new client to be served', () => serves(bridge));
});

test('32 without descriptors producers wait; with some again they are served', async (t) => {
  const { bridge, producer } = await start(t);
  const [, soft] = /Max open files\s+(\d+)/.exec(execFileSync('cat', [`/proc/${bridge.pid}/limits`], { encoding: 'utf8' }));
  execFileSync('prlimit', ['--pid', `${bridge.pid}`, '--nofile=60:']);
  const clients = Array.from({ length: 200 }, () => {
    const client = new Http2(bridge);
    t.after(() => client.close());
    return client;
  });
  await until('the bridge to say that it pauses', () => /accepting gRPC connections paused/.test(bridge.child.stderr), 20000);
  assert.equal((await producer.batch({ topic: 'good', events: [{ text: 'y' }] })).accepted, 1);
  assert.ok(!(await serves(bridge).catch(() => false)));
  for (const client of clients) client.close();
  await until('a new client to be served', () => serves(bridge).catch(() => false), 30000);
  execFileSync('prlimit', ['--pid', `${bridge.pid}`, `--nofile=${soft}:`]);
  checkLog(bridge.child.stderr);
  assert.ok(bridge.child.stderr.split('\n').length < 10, bridge.child.stderr);
});

test('57 300 clients that send 4 MiB of a message each and no more take what grpc_memory says, about; others are served', async (t) => {
  const LIMIT = 32 << 20;
  const { bridge, producer } = await start(t, `--grpc_memory=${LIMIT}`);
  const before = memory(bridge.pid);
  const part = message(Buffer.alloc((4 << 20) - 10, 0x12), 0, 4 << 20);
  let most = 0;
  for (let round = 0; round < 10; ++round) {
    for (let client = 0; client < 30; ++client) open(await connect(t, bridge)).write(part);
    most = Math.max(most, memory(bridge.pid) - before);
    await until('a new client to be served', () => serves(bridge), 20000);
    most = Math.max(most, memory(bridge.pid) - before);
  }
  if (!isSanitized(bridge.pid)) assert.ok(most < 3 * LIMIT, mib(most));
  // Its own connection may have been given up as well; grpc-js makes another.
  const again = () => producer.batch({ topic: 'good', events: [{ text: 'y' }] }).then(() => true, () => false);
  await until('the old producer to be served', again, 20000);
  checkLog(bridge.child.stderr);
});

test('51 peers that fall silent are found by grpc_keepalive, and what they held fails after its grace; others stay', async (t) => {
  const { bridge, producer } = await start(t, '--grpc_keepalive=1s', '--producer_grace=100ms');
  const topic = (name) => requestOf({ topic: name, onAbort: 'ON_ABORT_FAIL', events: [{ text: 'x' }] });
  const lively = await dial(t, bridge);
  const mute = await dial(t, bridge, { ack: false });  // answers no ping
  const deaf = await dial(t, bridge);
  lively.send(opening(0), data(1, topic('lively')));
  mute.send(opening(0), data(1, topic('mute')));
  deaf.send(opening(0), data(1, topic('deaf')));
  for (const name of ['lively', 'mute', 'deaf']) await producers(producer, name, 1);
  deaf.socket.pause();  // reads nothing, so it answers nothing
  for (const name of ['mute', 'deaf']) {
    await until(`${name} to fail`, async () => (await producer.getTopic(name)).state === 'TOPIC_STATE_FAILED', 30000);
  }
  await mute.until('the connection to close', () => mute.closed);
  // It has been asked, too.
  await lively.until('three pings', () => lively.frames(TYPE.PING) >= 3, 30000);
  assert.ok(!lively.closed);
  assert.equal((await producer.getTopic('lively')).state, 'TOPIC_STATE_OPEN');
});
