'use strict';

// Readers that come late, one or a thousand of them, while producers and other readers go on.

const assert = require('node:assert/strict');
const { setTimeout: delay } = require('node:timers/promises');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { assertSound, numbered, startFleet } = require('./lib/fleet.js');
const { useProducer } = require('./lib/producer.js');
const { until } = require('./lib/until.js');
const { isSanitized, memory, mib } = require('./lib/usage.js');

const bridge = useBridge();
const producer = useProducer(bridge);

const KEEP_ALL = { retentionEvents: 1000000, retentionBytes: 256 << 20 };

// Publishes events `from` to `to` over one call, `batch` to a request, as fast as the bridge takes them.
async function publish(topic, from, to, { batch = 50, bytes = 0 } = {}) {
  const call = producer.open();
  for (let first = from; first < to; first += batch) {
    const events = Array.from({ length: Math.min(batch, to - first) }, (_, index) => ({ text: numbered(first + index, bytes) }));
    if (!call.write({ topic, events })) await new Promise((resolve) => { call.once('drain', resolve); });
  }
  call.end();
  assert.equal((await call.response).accepted, to - from);
}

test('a reader that comes late gets 200,000 events, each once and in order', { timeout: 300000 }, async (t) => {
  await producer.createTopic({ topic: 'deep', settings: KEEP_ALL });
  await publish('deep', 0, 200000, { batch: 1000 });
  await producer.batch({ topic: 'deep', end: {} });
  const fleet = startFleet(t, bridge);
  await fleet.open('late', 1, 'deep');
  const report = await fleet.until('the end', 'late', ({ ended }) => ended === 1);
  assertSound(report);
  assert.deepEqual([report.events, report.gaps, report.done, report.lastChunk], [200000, 0, 1, 1]);
});

test('readers keep up with a producer that writes as fast as it can', { timeout: 300000 }, async (t) => {
  await producer.createTopic({ topic: 'fast', settings: KEEP_ALL });
  const fleet = startFleet(t, bridge);
  await fleet.open('readers', 10, 'fast');
  await fleet.untilOpen('readers');
  await publish('fast', 0, 50000, { batch: 5 });
  await producer.batch({ topic: 'fast', end: {} });
  const report = await fleet.until('the end', 'readers', ({ ended }) => ended === 10);
  assertSound(report);
  assert.deepEqual([report.events, report.gaps, report.done, report.lastChunk], [500000, 0, 10, 10]);
});

test('readers that join while a producer writes get what was there and what comes, each event once and in order', { timeout: 300000 }, async (t) => {
  const [steps, readers, events] = [20, 25, 500];
  await producer.createTopic({ topic: 'race', settings: KEEP_ALL });
  const fleet = startFleet(t, bridge);
  const published = publish('race', 0, steps * events, { batch: 5 });
  for (let step = 0; step < steps; ++step) {
    await fleet.open('readers', readers, 'race');
    await fleet.until('a part of the events', 'readers', ({ mostNext }) => mostNext >= step * events);
  }
  await published;
  const report = await fleet.untilAt('readers', steps * events);
  assertSound(report);
  assert.deepEqual([report.gaps, report.events], [0, steps * readers * steps * events]);
});

test('1,000 readers that ask for everything at once do not hold up those that live on, and share what is read for them', { timeout: 300000 }, async (t) => {
  const [readers, events, bytes] = [1000, 2000, 500];
  await producer.createTopic({ topic: 'history', settings: KEEP_ALL });
  await publish('history', 0, events, { bytes });
  const live = startFleet(t, bridge);  // in a process of its own: its clock does not wait for the others' bytes
  const late = startFleet(t, bridge);
  await live.open('live', 100, 'live');
  await live.untilOpen('live');
  let next = 0;
  const measure = async (done) => {
    await live.tell('clear', 'live');
    for (const first = next; next < first + 100 || !(await done()); await delay(5)) {
      await producer.batch({ topic: 'live', events: [{ text: numbered(next++, 100) }] });
    }
    return (await live.untilAt('live', next)).latencyUs;
  };
  await measure(() => true);
  const alone = await measure(() => true);

  const before = memory(bridge.pid);
  const start = performance.now();
  let took;
  let most = before;
  await late.open('late', readers, 'history');
  const together = await measure(async () => {
    most = Math.max(most, memory(bridge.pid));
    const all = (await late.report('late')).leastNext === events;
    if (all) took ??= performance.now() - start;
    return all;
  });
  const report = await late.tell('close', 'late');
  const after = await measure(() => true);
  t.diagnostic(`${mib(report.bytes)} to ${readers} readers in ${took.toFixed(0)} ms, for ${mib(most - before)} of memory; ` +
               `99 of 100 live deliveries within ${(together.p99 / 1e3).toFixed(1)} ms meanwhile, ${(alone.p99 / 1e3).toFixed(1)} ms before, ${(after.p99 / 1e3).toFixed(1)} ms afterwards`);
  assertSound(report);
  assert.deepEqual([report.events, report.gaps], [readers * events, 0]);
  const rest = await live.report('live');
  assertSound(rest);
  assert.equal(rest.events, 100 * next);
  // One that had to wait for the replays would wait for most of them.
  assert.ok(together.p99 <= Math.max(3 * alone.p99 + 5000, 3 * after.p99 + 5000, took * 1000 / 3));
  if (!isSanitized(bridge.pid)) {
    assert.ok(most - before <= 8 * events * bytes + readers * 2048, `${mib(most - before)} to replay ${mib(events * bytes)}`);
  }
});
