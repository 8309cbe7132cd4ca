'use strict';

// The commands of `sluice` that look at topics and change them, and producers that listen to their readers.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { BIN, Child } = require('./lib/process.js');
const { useProducer, value } = require('./lib/producer.js');
const { RST, afterHead, startProxy } = require('./lib/proxy.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--retry=100ms');
const producer = useProducer(bridge);

function sluice(t, args, input = '') {
  const child = new Child(path.join(BIN, 'sluice'), args,
                          { env: { SLUICE_GRPC: bridge.grpc, SLUICE_HTTP: bridge.http }, input: input ?? undefined });
  t.after(() => child.stop('SIGKILL'));
  return child;
}

async function exits(child, code) {
  const result = await child.wait();
  assert.equal(result.code, code, `${result.signal ?? ''} ${result.stderr}`);
  return result;
}
const run = async (t, code, ...args) => exits(sluice(t, args), code);

const json = (text) => text.trimEnd().split('\n').map((line) => JSON.parse(line));
const hasReaders = (topic, count) => until(
    `${topic} to have ${count} readers`, async () => ((await producer.getTopic(topic))?.subscribers ?? 0) === count);

function scratch(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-cli-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}
// Whether nothing is left of a process and its group; what has lost its parent may take a moment to be reaped.
const isGone = (pid) => [pid, -pid].every((id) => {
  try {
    process.kill(id, 0);
    return false;
  } catch {
    return true;
  }
});
const goes = (pid) => until(`process ${pid} to be gone`, () => isGone(pid));

test('`sluice topics` lists what matches by name, as a table or as JSON', async (t) => {
  await producer.batch({ topic: 'list.b.open', events: [{ text: 'x' }, { text: 'y'.repeat(2000) }] });
  await producer.batch({ topic: 'list.c.failed', end: { error: { code: 8, message: 'disk full' } } });
  await producer.batch({ topic: 'list.a.completed', events: [{ text: 'x' }], end: {} });
  await producer.batch({ topic: 'list.other', events: [{ text: 'x' }] });
  const { stdout } = await run(t, 0, 'topics', 'list.*.*');
  const rows = stdout.trimEnd().split('\n').map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows[0], ['NAME', 'STATE', 'EVENTS', 'BYTES', 'SUBSCRIBERS', 'PRODUCERS', 'AGE']);
  assert.deepEqual(rows.slice(1).map((row) => row.slice(0, 6)), [
    ['list.a.completed', 'completed', '1', '1 B', '0', '0'],
    ['list.b.open', 'open', '2', '2.0 KiB', '0', '0'],
    ['list.c.failed', 'failed', '0', '0 B', '0', '0'],
  ]);
  const topics = json((await run(t, 0, 'topics', 'list.>', '--json')).stdout);
  assert.deepEqual(topics.map(({ name }) => name), ['list.a.completed', 'list.b.open', 'list.c.failed', 'list.other']);
  assert.deepEqual([topics[1].events, topics[1].bytes, topics[1].error, topics[1].end_time], [2, 2001, null, null]);
  assert.deepEqual(topics[2].error, { code: 'RESOURCE_EXHAUSTED', message: 'disk full' });
  assert.ok(Date.parse(topics[2].end_time) >= Date.parse(topics[2].create_time));
});

test('`sluice topics` pages through more than one page holds', async (t) => {
  const names = Array.from({ length: 2300 }, (_, index) => `many.${String(index).padStart(4, '0')}`);
  await producer.publish(...names.map((topic) => ({ topic, events: [{ text: 'x' }] })));
  assert.deepEqual(json((await run(t, 0, 'topics', 'many.*', '--json')).stdout).map(({ name }) => name), names);
  assert.equal((await run(t, 0, 'topics', 'many.>')).stdout.trimEnd().split('\n').length, 2301);
});

test('a pattern that is none, and a bridge that is not there, are exit 1 with a sentence', async (t) => {
  assert.match((await run(t, 1, 'topics', 'a..b')).stderr, /^sluice: INVALID_ARGUMENT: /);
  assert.match((await run(t, 1, 'topics', '--grpc', '127.0.0.1:1')).stderr, /can't reach the bridge/);
});

test('`sluice history` prints all that a topic keeps, page after page, and does not wait', async (t) => {
  const texts = Array.from({ length: 2500 }, (_, index) => `line ${index}`);
  await producer.createTopic({ topic: 'history.long', settings: { retentionEvents: 5000 } });
  await producer.batch({ topic: 'history.long', events: texts.map((text) => ({ text })) });
  const { stdout, stderr } = await run(t, 0, 'history', 'history.long');
  assert.deepEqual(stdout.split('\n').slice(0, -1), texts);
  assert.equal(stderr, '');
  assert.equal((await run(t, 0, 'history', 'history.long', '--last', '2')).stdout, 'line 2498\nline 2499\n');
});

test('`sluice history --after` goes on behind an id or a cursor; --json has the cursor', async (t) => {
  await producer.batch({ topic: 'history.json', events: [{ id: 'i', type: 'tick', text: 'two\nlines' }, { json: value({ n: 1 }) }] });
  const events = json((await run(t, 0, 'history', 'history.json', '--json')).stdout);
  assert.deepEqual(Object.keys(events[0]), ['topic', 'id', 'cursor', 'type', 'data', 'json', 'time']);
  assert.deepEqual(events.map(({ id, type, data, json }) => [id, type, data, json]),
                   [['i', 'tick', 'two\nlines', false], [events[1].cursor, '', '{"n":1}', true]]);
  for (const after of ['i', events[0].cursor])
    assert.equal((await run(t, 0, 'history', 'history.json', '--after', after)).stdout, '{"n":1}\n');
});

test('`sluice history` tells gaps and failures on standard error, and a topic that is not there is exit 1', async (t) => {
  await producer.batch({ topic: 'history.failed', events: [{ text: 'x' }], end: { error: { code: 8, message: 'disk full' } } });
  const { stdout, stderr } = await run(t, 1, 'history', 'history.failed', '--after', 'no-such-id');
  assert.equal(stdout, 'x\n');
  assert.match(stderr, /^sluice: events are missing: unknown_id, went on at \S+\nsluice: the topic failed: RESOURCE_EXHAUSTED: disk full\n$/);
  assert.match((await run(t, 1, 'history', 'history.none')).stderr, /^sluice: NOT_FOUND: /);
});

test('`sluice end` ends a topic as completed or failed, and refuses another end', async (t) => {
  await producer.batch({ topic: 'end.good', events: [{ text: 'x' }] });
  await producer.batch({ topic: 'end.bad', events: [{ text: 'x' }] });
  const reader = sluice(t, ['sub', 'end.bad']);
  await hasReaders('end.bad', 1);
  await run(t, 0, 'end', 'end.good');
  await run(t, 0, 'end', 'end.good');
  await run(t, 0, 'end', 'end.bad', '--fail', 'the builder is gone', '--code', 'aborted');
  assert.equal((await producer.getTopic('end.good')).state, 'TOPIC_STATE_COMPLETED');
  assert.match((await exits(reader, 1)).stderr, /ABORTED: the builder is gone/);
  assert.match((await run(t, 1, 'end', 'end.bad')).stderr, /^sluice: FAILED_PRECONDITION: /);
  assert.match((await run(t, 1, 'end', 'end.none')).stderr, /^sluice: NOT_FOUND: /);
});

test('`sluice delete` deletes a topic, and its readers are told', async (t) => {
  await producer.batch({ topic: 'delete.me', events: [{ text: 'x' }] });
  const reader = sluice(t, ['sub', 'delete.me']);
  await hasReaders('delete.me', 1);
  await run(t, 0, 'delete', 'delete.me');
  assert.match((await exits(reader, 1)).stderr, /NOT_FOUND/);
  assert.equal(await producer.getTopic('delete.me'), undefined);
  assert.match((await run(t, 1, 'delete', 'delete.me')).stderr, /^sluice: NOT_FOUND: /);
});

test('`sluice stop` reaches `sluice pub --feedback`, which ends as its options say', async (t) => {
  const pub = sluice(t, ['pub', 'stop.me', '--feedback', '--end'], null);
  pub.stdin.write('one\n');
  await until('the first line', async () => (await producer.getTopic('stop.me'))?.events === 1);
  assert.equal((await run(t, 0, 'stop', 'stop.me', '--reason', 'seen enough')).stdout, '1 producer was asked to stop\n');
  assert.match((await exits(pub, 0)).stderr, /^sluice: nobody reads\nsluice: a reader asks to stop: seen enough\n$/);
  assert.equal((await producer.getTopic('stop.me')).state, 'TOPIC_STATE_COMPLETED');
  assert.match((await run(t, 1, 'stop', 'stop.me')).stderr, /^sluice: FAILED_PRECONDITION: /);
});

test('`sluice pub --feedback` tells when readers come and go', async (t) => {
  const pub = sluice(t, ['pub', 'interest', '--feedback'], null);
  await until(() => `the first word, not ${pub.stderr}`, () => pub.stderr === 'sluice: nobody reads\n');
  const reader = sluice(t, ['sub', 'interest']);
  await until('a reader', () => pub.stderr.endsWith('sluice: 1 reader\n'));
  await reader.stop('SIGINT');
  await until('its leaving', () => pub.stderr.endsWith('sluice: 1 reader\nsluice: nobody reads\n'));
  pub.stdin.end();
  await exits(pub, 0);
});

// A command that leaves its number in a file of its own each time it starts.
function counted(folder, rest) {
  const runs = () => fs.readdirSync(folder).map((name) => Number(name));
  return { command: `touch ${folder}/$$; ${rest}`, runs };
}

test('`sluice pub --start-on-interest` runs its command while the topic has readers, and leaves nothing behind', async (t) => {
  const { command, runs } = counted(scratch(t), 'echo $SLUICE_EVENTS; sleep 1000 & wait');
  const pub = sluice(t, ['pub', 'started', '--start-on-interest', command]);
  await until(() => `the first word, not ${pub.stderr}`, () => pub.stderr === 'sluice: nobody reads\n');
  assert.deepEqual(runs(), []);

  const first = sluice(t, ['sub', 'started']);
  await until('its output', () => first.stdout === '0\n');
  const [pid] = runs();
  await first.stop('SIGINT');
  await goes(pid);

  const second = sluice(t, ['sub', 'started', '--from', 'latest']);
  await until('its output again', () => second.stdout === '1\n');
  assert.equal(runs().length, 2);
  const other = runs().find((one) => one !== pid);
  assert.equal((await pub.stop('SIGTERM')).code, 143);
  await goes(other);
  assert.equal((await producer.getTopic('started')).state, 'TOPIC_STATE_OPEN');
});

test('a reader\'s stop ends the command of `sluice pub --start-on-interest`, and the topic with --end', async (t) => {
  const { command, runs } = counted(scratch(t), 'while :; do echo tick; sleep 0.01; done');
  const pub = sluice(t, ['pub', 'ticking', '--end', '--start-on-interest', command]);
  const reader = sluice(t, ['sub', 'ticking']);
  await until(() => `some output: ${reader.stderr}${pub.stderr}`, () => reader.stdout.startsWith('tick\ntick\n'));
  await run(t, 0, 'stop', 'ticking');
  await exits(pub, 0);
  await exits(reader, 0);
  await goes(runs()[0]);
});

test('a command that fails fails the topic with --end', async (t) => {
  const pub = sluice(t, ['pub', 'failing', '--end', '--start-on-interest', 'echo one; exit 3']);
  const reader = sluice(t, ['sub', 'failing']);
  assert.match((await exits(pub, 1)).stderr, /sluice: the command exited with 3\n$/);
  const { stdout, stderr } = await exits(reader, 1);
  assert.equal(stdout, 'one\n');
  assert.match(stderr, /UNKNOWN: the command exited with 3/);
});

test('a command is not waited for on a topic that has ended', async (t) => {
  await producer.batch({ topic: 'over', events: [{ text: 'x' }], end: {} });
  const { stderr } = await run(t, 1, 'pub', 'over', '--start-on-interest', 'echo never');
  assert.equal(stderr, 'sluice: FAILED_PRECONDITION: the topic over has ended; --new begins it again\n');
});

test('a bridge that goes away ends the command', async (t) => {
  const own = await startBridge(t);
  const { command, runs } = counted(scratch(t), 'exec sleep 1000');
  const pub = sluice(t, ['pub', 'orphan', '--grpc', own.grpc, '--start-on-interest', command]);
  const reader = sluice(t, ['sub', 'orphan', '--http', own.http, '--no-reconnect']);
  await until('the command', () => runs().length === 1);
  await own.stop();
  await exits(pub, 1);
  await exits(reader, 1);
  await goes(runs()[0]);
});

test('`sluice sub` of several topics has each line\'s topic in front, tells ends, and ends with the last', async (t) => {
  const sub = sluice(t, ['sub', 'two.a', '--topic', 'two.b']);
  const all = sluice(t, ['sub', 'two.*', '--from', 'earliest', '--json']);
  for (const topic of ['two.a', 'two.b']) await hasReaders(topic, 2);
  await producer.batch({ topic: 'two.a', events: [{ text: 'one\ntwo' }] });
  await producer.batch({ topic: 'two.b', events: [{ id: 'mine', type: 'tick', text: 'x' }], end: {} });
  await until('the first end', () => sub.stderr === 'sluice: two.b is completed\n');
  await producer.batch({ topic: 'two.a', events: [{ text: 'three' }], end: { error: { code: 8, message: 'disk full' } } });
  const { stdout, stderr } = await exits(sub, 1);
  assert.equal(stdout, 'two.a: one\ntwo.a: two\ntwo.b: x\ntwo.a: three\n');
  assert.equal(stderr, 'sluice: two.b is completed\nsluice: two.a failed: RESOURCE_EXHAUSTED: disk full\n');

  await until('all of it, ends too', () => all.stdout.split('\n').length === 6);
  const events = json(all.stdout);
  assert.deepEqual(events.map(({ topic, id, type, data }) => (type === 'sluice.ended' ? JSON.parse(data).topic : [topic, id === 'mine', type, data])),
                   [['two.a', false, '', 'one\ntwo'], ['two.b', true, 'tick', 'x'], 'two.b', ['two.a', false, '', 'three'], 'two.a']);
  assert.equal((await all.stop('SIGINT')).code, 130);
});

test('`sluice sub` of a pattern goes on where it was after each lost connection', async (t) => {
  const proxy = await startProxy(t, bridge, { cut: ({ nth }) => (nth < 4 ? afterHead(500 + 311 * nth, RST) : undefined) });
  const sub = sluice(t, ['sub', 'cut.*', '--from', 'earliest', '--http', proxy.http]);
  const lines = Array.from({ length: 40 }, (_, index) => [`cut.${index % 3}`, `line ${index} ${'x'.repeat(index)}`]);
  for (const [topic, text] of lines) await producer.batch({ topic, events: [{ text }] });
  await until(() => `all of it: ${sub.stdout}${sub.stderr}`, () => sub.stdout.split('\n').length > lines.length, 60000);
  assert.equal(sub.stdout, lines.map(([topic, text]) => `${topic}: ${text}\n`).join(''));
  assert.ok(proxy.requests.length >= 5);
  assert.match(sub.stderr, /coming back/);
});
