'use strict';

// Clients that leave at the wrong moment, and that talk where they should listen: groups 29, 30, 33 and 35 of the table in
// tests/README.md.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const { MARK, answers, checkClosed, checkError, descriptors, get, useScene } = require('./lib/hostile.js');
const { Raw } = require('./lib/raw.js');
const { decode } = require('./lib/readers.js');
const { until } = require('./lib/until.js');

const scene = useScene();
const BIG = 'x'.repeat(1 << 20);

// A stream of a topic, open; `paused`: which reads nothing from then on.
async function subscribe(t, topic, { paused = false } = {}) {
  const raw = scene.ask(`/v1/topics/${topic}/events`);
  t.after(() => raw.close());
  await raw.until('the opening', () => raw.text.length > 0);
  if (paused) raw.socket.pause();
  return raw;
}

const subscribers = (topic, count) => until(
    `${topic} to have ${count} subscribers`, async () => (await scene.subscribers(topic)) === count, 20000);

// Ways to leave while the bridge is writing: { what: leave }.
const LEAVES = {
  'resets the connection in the middle of an event': (raw) => raw.socket.resetAndDestroy(),
  'closes the connection in the middle of an event': (raw) => raw.socket.destroy(),
  'closes its sending side in the middle of an event, and reads nothing': (raw) => raw.socket.end(),
};

for (const [index, [what, leave]] of Object.entries(LEAVES).entries()) {
  test(`29: a reader that ${what} has left, and another misses nothing`, async (t) => {
    const topic = `leave.${index}`;
    const other = await subscribe(t, topic);
    const raw = await subscribe(t, topic, { paused: true });
    await scene.producer.batch({ topic, events: [{ text: BIG }] });
    raw.socket.once('data', () => raw.socket.pause());
    raw.socket.resume();
    const opening = raw.socket.bytesRead;
    await until('a part of the event', () => raw.socket.bytesRead > opening);
    for (let n = 0; n < 4; ++n) await scene.producer.batch({ topic, events: [{ text: BIG }] });
    await subscribers(topic, 2);
    leave(raw);
    await subscribers(topic, 1);
    await scene.producer.batch({ topic, end: {} });
    await other.untilClosed(30000);
    assert.deepEqual(decode(other.text).map(({ data }) => data.length), [...Array(5).fill(BIG.length), '[DONE]'.length]);
    assert.ok(other.chunked.last);
    await scene.unharmed();
  });
}

test('29: a reader that closes its sending side while nothing happens has left', async (t) => {
  const raw = await subscribe(t, 'shut');
  await subscribers('shut', 1);
  raw.socket.end();
  await raw.untilClosed();
  assert.ok(!raw.chunked.last, 'an end was not told');
  await subscribers('shut', 0);
  await scene.unharmed();
});

test('29: a close behind a request for a stream leaves no subscriber', async (t) => {
  for (let n = 0; n < 50; ++n) {
    const raw = new Raw(scene.bridge);
    t.after(() => raw.close());
    const bytes = get('/v1/topics/brief/events');
    if (n % 2) raw.socket.end(bytes, 'latin1');
    else raw.socket.write(bytes, 'latin1', () => raw.socket.resetAndDestroy());
    await raw.untilClosed();
  }
  await subscribers('brief', 0);
  await scene.unharmed();
});

test('29: whoever closes its sending side behind another request still gets the answer', async (t) => {
  const raw = new Raw(scene.bridge);
  t.after(() => raw.close());
  raw.socket.end(get('/nowhere') + get('/nowhere'), 'latin1');
  await checkClosed(raw);
  const found = answers(raw);
  assert.equal(found.length, 2);
  for (const answer of found) checkError(answer, 404);
  await scene.unharmed();
});

test('33: 200 readers that vanish between the head and the first event are gone, and those who stay get it', async (t) => {
  const raws = await Promise.all(Array.from({ length: 220 }, () => subscribe(t, 'vanish')));
  await subscribers('vanish', 220);
  raws.slice(0, 100).forEach((raw) => raw.socket.resetAndDestroy());
  raws.slice(100, 200).forEach((raw) => raw.socket.destroy());
  await scene.producer.batch({ topic: 'vanish', events: [{ text: 'first' }] });
  await subscribers('vanish', 20);
  await scene.producer.batch({ topic: 'vanish', end: {} });
  for (const raw of raws.slice(200)) {
    await raw.untilClosed();
    assert.deepEqual(decode(raw.text).map(({ data }) => data), ['first', '[DONE]']);
  }
  await scene.unharmed();
});

test('35: up to 64 KiB that a reader sends are dropped, and its stream goes on', async (t) => {
  const raw = await subscribe(t, 'talk');
  for (let n = 0; n < 8; ++n) {
    raw.socket.write(n % 2 ? `${MARK}\0\r\n\r\n`.padEnd(8000) : get('/v1/topics/served/events', `X-Long: ${'a'.repeat(7800)}`), 'latin1');
    await scene.producer.batch({ topic: 'talk', events: [{ text: `event ${n}` }] });
    await raw.until('the event', () => raw.text.includes(`data: event ${n}\n\n`));
  }
  await scene.producer.batch({ topic: 'talk', end: {} });
  await checkClosed(raw);
  assert.equal(decode(raw.text).length, 9);
  assert.ok(raw.chunked.last);
  assert.equal(raw.chunked.rest.length, 0);
  await scene.unharmed();
});

const memory = (pid) => 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

test('35: readers that send 10 MiB each are closed in an orderly way, and what they sent is kept nowhere', async (t) => {
  const raws = await Promise.all(Array.from({ length: 20 }, () => subscribe(t, 'shout')));
  await subscribers('shout', raws.length);
  const before = memory(scene.pid);
  const shout = Buffer.alloc(10 << 20, MARK);
  for (const raw of raws) raw.socket.write(shout);
  await subscribers('shout', 0);
  for (const raw of raws) {
    await checkClosed(raw);
    assert.ok(!raw.chunked.last, 'an end was not told');
  }
  assert.ok(memory(scene.pid) - before < 50 << 20, `${memory(scene.pid) - before} bytes more after 200 MiB`);
  await scene.unharmed();
});

test('30: 10,000 connections that come and go leave no subscriber and no descriptor', async () => {
  const before = descriptors(scene.pid);
  const bytes = get('/v1/topics/storm/events');
  const gone = (raw) => new Promise((resolve) => { raw.socket.once('close', resolve); });
  const kinds = [
    (raw) => raw.socket.once('connect', () => raw.socket.destroy()),
    (raw) => raw.socket.once('connect', () => raw.socket.resetAndDestroy()),
    (raw) => raw.socket.end(bytes, 'latin1'),
    (raw) => raw.socket.write(bytes, 'latin1', () => raw.socket.resetAndDestroy()),
    (raw) => raw.socket.write(bytes, 'latin1', () => raw.socket.once('data', () => raw.socket.destroy())),
  ];
  let next = 0;
  const workers = Array.from({ length: 100 }, async () => {
    while (next < 10000) {
      const raw = new Raw(scene.bridge);
      const closed = gone(raw);
      kinds[next++ % kinds.length](raw);
      await closed;
    }
  });
  let storming = true;
  const storm = Promise.all(workers).finally(() => { storming = false; });
  while (storming) await scene.unharmed();
  await storm;
  await subscribers('storm', 0);
  await until('the descriptors to be free again', () => descriptors(scene.pid) <= before, 20000);
  await scene.unharmed();
});

scene.close();
