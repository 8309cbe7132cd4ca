'use strict';

// A bridge that is full: of connections, and of descriptors. Group 32 of the table in tests/README.md, and max_connections.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { answers, checkClosed, checkError, checkHead, checkLog, descriptors, get, play, request } = require('./lib/hostile.js');
const { Producer } = require('./lib/producer.js');
const { Raw } = require('./lib/raw.js');
const { decode } = require('./lib/readers.js');
const { until } = require('./lib/until.js');

const MOST = 50;
const ROOM = 256;  // beside them, for clients who are told that the bridge is full

// A bridge with a producer, and ways to ask it.
async function start(t, ...flags) {
  const bridge = await startBridge(t, ...flags);
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  await producer.getTopic('none');  // its connection is open before descriptors are counted
  const connect = () => {
    const raw = new Raw(bridge);
    t.after(() => raw.close());
    return raw;
  };
  const ask = (bytes) => {
    const raw = connect();
    raw.socket.write(bytes, 'latin1');
    return raw;
  };
  const subscribers = (topic, count, ms = 20000) => until(
      `${topic} to have ${count} subscribers`, async () => ((await producer.getTopic(topic))?.subscribers ?? 0) === count, ms);
  return { bridge, producer, connect, ask, subscribers, idle: descriptors(bridge.pid) };
}

const stream = (topic) => get(`/v1/topics/${topic}/events`, 'Accept: text/event-stream');

// Told to come back, as an EventSource understands it. Returns the milliseconds that it is to wait.
async function toldToComeBack(raw) {
  await checkClosed(raw);
  checkHead(raw.head.lines);
  assert.equal(raw.head.line, 'HTTP/1.1 200 OK');
  assert.ok(raw.head.lines.includes('Content-Type: text/event-stream; charset=utf-8'));
  assert.ok(raw.head.lines.includes('Connection: close'));
  assert.ok(!raw.chunked.last, 'an end was not told');
  const retry = Number(/^retry: (\d+)\n(:[^\n]*\n)?$/.exec(raw.text)[1]);
  assert.ok(retry >= 2000 && retry <= 4000, `${retry}`);
  return retry;
}

test('a bridge that is full tells streams to come back and others 503, and serves again when there is room', async (t) => {
  const { bridge, producer, connect, ask, subscribers, idle } = await start(t, `--max_connections=${MOST}`, '--http_publish');
  const readers = Array.from({ length: MOST }, () => ask(stream('full')));
  await subscribers('full', MOST);

  const retries = new Set();
  for (let n = 0; n < 20; ++n) retries.add(await toldToComeBack(await play(t, bridge, stream('full'))));
  assert.ok(retries.size > 1, 'they do not all come back at once');
  const others = [get('/nowhere'), get('/nowhere', 'Connection: keep-alive'), request('GET /v1/topics/full/history HTTP/1.0'),
                  `${request('POST /v1/topics/full/events HTTP/1.1', 'Content-Length: 5')}hello`];
  for (const bytes of others) {
    const raw = await play(t, bridge, bytes);
    await checkClosed(raw);
    const [answer, ...more] = answers(raw);
    checkError(answer, 503);
    assert.deepEqual(more, []);
    assert.match(answer.head.find((field) => field.startsWith('Retry-After: ')), /: [1-9]\d*$/);
    assert.ok(answer.head.includes('Connection: close'));
  }
  const refused = await play(t, bridge, `GET / HTTP/1.1\r\nBad\r\n\r\n`);
  await checkClosed(refused);
  checkError(answers(refused)[0], 400);

  // The room for being told is bounded, too.
  await until('those to be gone', () => descriptors(bridge.pid) === idle + MOST);
  const talkers = Array.from({ length: ROOM }, connect);
  await until('the room to be full', () => descriptors(bridge.pid) === idle + MOST + ROOM);
  for (let n = 0; n < 10; ++n) {
    const raw = connect();
    await raw.untilClosed();
    assert.equal(raw.bytes.length, 0);
  }
  assert.equal(descriptors(bridge.pid), idle + MOST + ROOM);
  for (const raw of talkers.slice(0, 10)) raw.socket.write(stream('full'));
  for (const raw of talkers.slice(0, 10)) await toldToComeBack(raw);
  talkers.forEach((raw) => raw.close());
  await until('the room to be free', () => descriptors(bridge.pid) === idle + MOST);
  await toldToComeBack(await play(t, bridge, stream('full')));

  // Nobody inside noticed, and whoever leaves makes room for another.
  await producer.batch({ topic: 'full', events: [{ text: 'first' }] });
  for (const raw of readers.splice(0, 10)) {
    await raw.until('the event', () => raw.text.includes('data: first\n\n'));
    raw.close();
  }
  await until('them to be gone', () => descriptors(bridge.pid) === idle + MOST - 10);
  for (let n = 0; n < 10; ++n) readers.push(ask(stream('full')));
  await subscribers('full', MOST);
  await toldToComeBack(await play(t, bridge, stream('full')));
  await producer.batch({ topic: 'full', end: {} });
  for (const raw of readers) {
    await raw.untilClosed();
    assert.ok(raw.chunked.last);
    assert.deepEqual(decode(raw.text).map(({ data }) => data), ['first', '[DONE]']);
  }
  checkLog(bridge.child.stderr);
});

test('a connection that had its place before the bridge was full keeps it', async (t) => {
  const { ask, connect, subscribers } = await start(t, '--max_connections=2');
  const early = connect();
  await until('the connection', () => !early.socket.connecting);
  early.socket.write(get('/nowhere'));
  await early.until('the answer', () => early.head?.status === 404);
  ask(stream('kept'));
  await subscribers('kept', 1);
  const late = ask(get('/nowhere'));
  await late.untilClosed();
  assert.equal(late.head.status, 503);
  early.received = [];
  early.socket.write(stream('kept'));
  await early.until('the stream', () => early.text.length > 0);
  await subscribers('kept', 2);
});

// The processor's time that a process had, in ticks of 10 ms.
function ticks(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

// The limit under which a process can open so many more descriptors; those it has may have any number.
function limitFor(pid, more) {
  const used = new Set(fs.readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let free = 0; free < more; ++limit) free += used.has(limit) ? 0 : 1;
  return limit;
}

const limitDescriptors = (pid, limit) => execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${limit}:`]);

test('32: without descriptors, accepting rests: who is inside is served, the log is short, and all are served later', async (t) => {
  const CLIENTS = 300;
  const { bridge, producer, ask, subscribers } = await start(t, '--max_connections=5000', '--heartbeat=1s', '--log_level=debug');
  const [, limit] = /^Max open files +(\d+)/m.exec(fs.readFileSync(`/proc/${bridge.pid}/limits`, 'utf8'));
  const inside = ask(stream('inside'));
  await subscribers('inside', 1);

  limitDescriptors(bridge.pid, limitFor(bridge.pid, 20));
  const readers = Array.from({ length: CLIENTS }, () => ask(stream('outside')));
  await subscribers('outside', 20);
  await until('the log to say so', () => /WARNING accepting paused reason="Too many open files"/.test(bridge.child.stderr));

  // The bridge's own heartbeats say that time goes by.
  const heartbeats = () => inside.text.split(': heartbeat\n').length - 1;
  const [before, from, at] = [heartbeats(), ticks(bridge.pid), Date.now()];
  await until('three heartbeats', () => heartbeats() >= before + 3, 30000);
  const share = (10 * (ticks(bridge.pid) - from)) / (Date.now() - at);
  assert.ok(share < 0.3, `${share} of a processor while it rests`);
  const lines = bridge.child.stderr.split('\n').length;
  assert.ok(lines < 50, `${lines} lines of log`);

  await producer.batch({ topic: 'inside', events: [{ text: 'still there' }] });
  await inside.until('the event', () => inside.text.includes('data: still there\n\n'));
  assert.equal((await producer.getTopic('outside')).subscribers, 20);

  // Some leave, and as many come in; then there are descriptors for all.
  for (const raw of readers.filter((one) => one.head).slice(0, 10)) raw.close();
  await until('others to come in', () => readers.filter((raw) => raw.head).length === 30, 20000);
  limitDescriptors(bridge.pid, limit);
  await subscribers('outside', CLIENTS - 10, 30000);
  await producer.batch({ topic: 'outside', events: [{ text: 'all there' }], end: {} });
  for (const raw of readers.filter((one) => !one.socket.destroyed)) {
    await raw.untilClosed();
    assert.deepEqual(decode(raw.text).map(({ data }) => data), ['all there', '[DONE]']);
  }
  checkLog(bridge.child.stderr);
});
