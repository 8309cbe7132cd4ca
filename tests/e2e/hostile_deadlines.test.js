'use strict';

// Clients that take their time, or all of it: groups 1, 3 and 28 of the table in tests/README.md, and readers that take
// nothing.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { HOST, answers, checkClosed, checkError, descriptors, get, play, useScene } = require('./lib/hostile.js');
const { Child } = require('./lib/process.js');
const { Producer } = require('./lib/producer.js');
const { PYTHON } = require('./lib/python.js');
const { Raw } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const SILENT = 5;
const DRIPS = 500;

const scene = useScene('--header_timeout=2s');

// TCP_USER_TIMEOUT is 30 s: they fall silent first, and are looked for last.
let silent;
test('28: before: some readers open streams and fall silent', async () => {
  silent = new Child(PYTHON, [path.join(__dirname, 'lib/black_hole.py'), scene.bridge.port, SILENT, '/v1/topics/silent/events?heartbeat=1']);
  await until(() => `the readers to fall silent\n${silent.stderr}`, () => {
    if (silent.exited) throw new Error(`the readers ended\n${silent.stderr}`);
    return silent.stdout.includes('silent');
  }, 20000);
  assert.equal(await scene.subscribers('silent'), SILENT);
});

test(`1: ${DRIPS} clients that drip their heads byte by byte are all told 408, while others are served`, async (t) => {
  const drips = Array.from({ length: DRIPS }, () => new Raw(scene.bridge));
  t.after(() => drips.forEach((raw) => raw.close()));
  for (const raw of drips) raw.socket.write(`GET /v1/topics/drip/events HTTP/1.1\r\n${HOST}\r\nX-Drip: `);
  let rounds = 0;
  await until('all of them to be answered', async () => {
    const open = drips.filter((raw) => raw.bytes.length === 0 && !raw.closed);
    for (const raw of open) raw.socket.write('a');
    await scene.unharmed();
    ++rounds;
    return open.length === 0;
  }, 60000);
  assert.ok(rounds > 1);
  for (const raw of drips) {
    await checkClosed(raw);
    const [answer, ...others] = answers(raw);
    checkError(answer, 408);
    assert.ok(answer.head.includes('Connection: close'));
    assert.deepEqual(others, []);
  }
  assert.equal(await scene.producer.getTopic('drip'), undefined, 'none of them was a subscriber');
});

// What a client sends before it falls silent, and how many answers it gets: { what: [bytes, statuses] }.
const STALLS = {
  'sends nothing': ['', []],
  'sends an empty line': ['\r\n', [408]],
  'sends one byte': ['G', [408]],
  'sends all but the last byte of a request': [get('/v1/topics/stalled/events').slice(0, -1), [408]],
  'sends nothing behind an answer': [get('/nowhere'), [404]],
  'sends half a request behind an answer': [`${get('/nowhere')}GET /v1/topics/stalled/events HT`, [404, 408]],
};

test('3: clients that fall silent before a request is whole', { concurrency: true }, (t) => Promise.all(
    Object.entries(STALLS).map(([what, [bytes, statuses]]) => t.test(
        `one that ${what} is ${statuses.includes(408) ? 'told 408' : 'closed without a word'}`, async (t) => {
          const raw = await play(t, scene.bridge, bytes);
          await scene.unharmed();
          await checkClosed(raw);
          const found = answers(raw);
          assert.deepEqual(found.map(({ status }) => status), statuses);
          for (const answer of found) checkError(answer, answer.status);
          assert.equal(await scene.producer.getTopic('stalled'), undefined, 'it was no subscriber');
          await scene.unharmed();
        }))));

for (const heartbeat of ['1s', '60s']) {
  test(`readers that take nothing are closed after write_timeout, whatever the heartbeat: ${heartbeat}`, async (t) => {
    const bridge = await startBridge(t, '--write_timeout=1s', `--heartbeat=${heartbeat}`);
    const producer = new Producer(bridge);
    t.after(() => producer.close());
    const open = async () => {
      const raw = new Raw(bridge);
      t.after(() => raw.close());
      raw.socket.write(get('/v1/topics/stuck/events'));
      await raw.until('the opening', () => raw.text.length > 0);
      return raw;
    };
    const reader = await open();
    const stuck = await Promise.all(Array.from({ length: 10 }, open));
    for (const raw of stuck) raw.socket.pause();
    for (let n = 0; n < 40; ++n) await producer.batch({ topic: 'stuck', events: [{ text: 'x'.repeat(100000) }] });
    await until('the others to be closed', async () => (await producer.getTopic('stuck')).subscribers === 1, 30000);
    await producer.batch({ topic: 'stuck', end: {} });
    await reader.untilClosed();
    assert.ok(reader.chunked.last);
    assert.equal(reader.chunks.filter((chunk) => chunk.length > 100000).length, 40);
    for (const raw of stuck) {
      raw.socket.resume();
      await raw.untilClosed();
      assert.ok(!raw.chunked.last, 'an end was not told');
    }
  });
}

test('a reader of another kind of answer that takes nothing is closed after write_timeout as well', async (t) => {
  const bridge = await startBridge(t, '--write_timeout=1s', '--header_timeout=60s');
  const before = descriptors(bridge.pid);
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.socket.pause();
  raw.socket.write(get('/nowhere').repeat(100000));
  await until('the bridge to have it', () => descriptors(bridge.pid) > before);
  await until('the bridge to close it', () => descriptors(bridge.pid) === before, 30000);
});

test('28: readers that fell silent without a word are found by what they do not acknowledge', async () => {
  await until('them to be gone', async () => (await scene.subscribers('silent')) === 0, 90000);
  await scene.unharmed();
  silent.stdin.end();
  assert.equal((await silent.wait()).code, 0);
});

scene.close();
