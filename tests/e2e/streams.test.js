'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { useProducer } = require('./lib/producer.js');
const { decode } = require('./lib/readers.js');
const { Raw } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const bridge = useBridge();
const producer = useProducer(bridge);

const STREAMS = 2000;
const EVENTS = 20;
const OTHER_THREADS = 24;  // gRPC's own, the store's, the log's

const threads = (pid) => Number(/^Threads:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

test(`${STREAMS} open streams need no thread of their own, and each gets each of ${EVENTS} events exactly once`, async (t) => {
  const raws = [];
  t.after(() => raws.forEach((raw) => raw.close()));
  for (let index = 0; index < STREAMS; ++index) {
    const raw = new Raw(bridge);
    raw.send('GET /v1/topics/many/events HTTP/1.1', `Host: 127.0.0.1:${bridge.port}`, 'Accept: text/event-stream');
    raws.push(raw);
  }
  await until('all subscriptions', async () => (await producer.getTopic('many'))?.subscribers === STREAMS, 60000);
  const open = threads(bridge.pid);
  const texts = Array.from({ length: EVENTS }, (_, index) => `event ${index}`);
  for (const text of texts) await producer.batch({ topic: 'many', events: [{ text }] });
  assert.ok(open <= os.availableParallelism() + OTHER_THREADS, `${open} threads with ${STREAMS} streams`);
  assert.ok(threads(bridge.pid) <= os.availableParallelism() + OTHER_THREADS);
  await producer.batch({ topic: 'many', end: {} });
  await until('all streams to end', () => raws.every((raw) => raw.closed), 60000);
  for (const raw of raws) {
    assert.deepEqual(decode(raw.text).map((event) => event.data), [...texts, '[DONE]']);
    assert.ok(raw.chunked.last);
  }
});

test('readers that never read hold up nobody', async (t) => {
  const stuck = Array.from({ length: 20 }, () => {
    const raw = new Raw(bridge);
    raw.send('GET /v1/topics/stuck/events HTTP/1.1', `Host: 127.0.0.1:${bridge.port}`);
    raw.socket.pause();
    return raw;
  });
  t.after(() => stuck.forEach((raw) => raw.close()));
  await until('their subscriptions', async () => (await producer.getTopic('stuck'))?.subscribers === stuck.length);
  const reader = new Raw(bridge);
  t.after(() => reader.close());
  reader.send('GET /v1/topics/stuck/events HTTP/1.1', `Host: 127.0.0.1:${bridge.port}`);
  await reader.until('the opening', () => reader.text.length > 0);
  const text = 'x'.repeat(100000);
  for (let round = 0; round < 60; ++round) await producer.batch({ topic: 'stuck', events: [{ text }] });
  await producer.batch({ topic: 'stuck', end: {} });
  await reader.untilClosed();
  assert.equal(decode(reader.text).length, 61);
});

test('a reader that comes late gets 200,000 events, each once and in order', async (t) => {
  await producer.createTopic({ topic: 'deep', settings: { retentionEvents: 200000, retentionBytes: 64 << 20 } });
  const call = producer.open();
  for (let first = 0; first < 200000; first += 1000) {
    call.write({ topic: 'deep', events: Array.from({ length: 1000 }, (_, index) => ({ text: `${first + index}` })) });
  }
  call.write({ end: {} });
  call.end();
  assert.equal((await call.response).accepted, 200000);
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.send('GET /v1/topics/deep/events HTTP/1.1', `Host: 127.0.0.1:${bridge.port}`, 'Accept: text/event-stream');
  await raw.untilClosed(30000);
  const seen = decode(raw.text);
  assert.equal(seen.length, 200001);
  assert.ok(seen.every(({ data }, index) => data === `${index}` || index === 200000));
});

test('a reader keeps up with a producer that writes as fast as it can', async (t) => {
  await producer.createTopic({ topic: 'fast', settings: { retentionEvents: 100000, retentionBytes: 64 << 20 } });
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.send('GET /v1/topics/fast/events HTTP/1.1', `Host: 127.0.0.1:${bridge.port}`, 'Accept: text/event-stream');
  await raw.until('the opening', () => raw.text.length > 0);
  const call = producer.open();
  for (let first = 0; first < 100000; first += 5) {
    const events = Array.from({ length: 5 }, (_, index) => ({ text: `${first + index}` }));
    if (!call.write({ topic: 'fast', events })) await new Promise((resolve) => { call.once('drain', resolve); });
  }
  call.write({ end: {} });
  call.end();
  await call.response;
  await raw.untilClosed(30000);
  const seen = decode(raw.text);
  assert.equal(seen.length, 100001);
  assert.ok(seen.every(({ data }, index) => data === `${index}` || index === 100000));
});
