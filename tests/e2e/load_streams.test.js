'use strict';

// Ten thousand streams in one process: what they cost, and that they are gone when they are gone.

const assert = require('node:assert/strict');
const os = require('node:os');
const { test } = require('node:test');
const { useBridge, startBridge } = require('./lib/bridge.js');
const { assertSound, numbered, startFleet } = require('./lib/fleet.js');
const { Producer, useProducer } = require('./lib/producer.js');
const { exchange } = require('./lib/raw.js');
const { until } = require('./lib/until.js');
const { descriptors, isSanitized, memory, mib, threads } = require('./lib/usage.js');

const STREAMS = 10000;
const EVENTS = 20;
const CYCLES = 20;
const SETTLED = 5;  // cycles after which the allocator has what it keeps
const BYTES_A_STREAM = 1024;
const OTHER_DESCRIPTORS = 100;
const THREADS = os.availableParallelism() + 24;  // the loops', gRPC's own, the store's

const bridge = useBridge('--heartbeat=1s');
const producer = useProducer(bridge);

const subscribers = async (topic) => (await producer.getTopic(topic))?.subscribers ?? 0;
const untilSubscribed = (topic, count) =>
    until(`${count} subscribers of ${topic}`, async () => (await subscribers(topic)) === count, 60000);

// What a bridge allocates once is there before anything is measured.
async function warmUp(fleet) {
  await fleet.open('first', 200, 'first');
  await producer.batch({ topic: 'first', events: [{ text: numbered(0) }] });
  await fleet.untilAt('first', 1);
  await fleet.tell('close', 'first');
  await untilSubscribed('first', 0);
}

test(`${STREAMS} streams opened at once each get each event once, with no thread and at most 1 KiB of memory each`, { timeout: 300000 }, async (t) => {
  const fleet = startFleet(t, bridge);
  await warmUp(fleet);
  const before = { memory: memory(bridge.pid), descriptors: descriptors(bridge.pid) };

  await fleet.open('all', STREAMS, 'many');
  const { openedUs } = await fleet.untilOpen('all');
  await untilSubscribed('many', STREAMS);
  const opened = memory(bridge.pid) - before.memory;

  for (let number = 0; number < EVENTS; ++number) {
    await producer.batch({ topic: 'many', events: [{ text: numbered(number, 100) }] });
    await fleet.untilAt('all', number + 1);
  }
  const { latencyUs } = await fleet.until('two heartbeats', 'all', ({ leastHeartbeats }) => leastHeartbeats >= 2);
  const served = memory(bridge.pid) - before.memory;
  t.diagnostic(`${STREAMS} streams opened in ${(openedUs / 1e3).toFixed(0)} ms; ` +
               `an event reaches half of them in ${(latencyUs.p50 / 1e3).toFixed(0)} ms, the last in ${(latencyUs.max / 1e3).toFixed(0)} ms at worst; ` +
               `${Math.round(opened / STREAMS)} bytes of memory a stream, ${Math.round(served / STREAMS)} after ${EVENTS} events`);
  assert.ok(threads(bridge.pid) <= THREADS, `${threads(bridge.pid)} threads`);
  assert.ok(descriptors(bridge.pid) <= before.descriptors + STREAMS + OTHER_DESCRIPTORS);
  if (!isSanitized(bridge.pid)) {
    assert.ok(Math.max(opened, served) <= STREAMS * BYTES_A_STREAM, `${mib(opened)}, then ${mib(served)} for ${STREAMS} streams`);
  }

  await producer.batch({ topic: 'many', end: {} });
  const report = await fleet.until('all to be ended', 'all', ({ ended }) => ended === STREAMS);
  assertSound(report);
  assert.equal(report.attempts, STREAMS);
  assert.equal(report.events, STREAMS * EVENTS);
  assert.equal(report.done, STREAMS);
  assert.equal(report.lastChunk, STREAMS);
  await untilSubscribed('many', 0);
});

test(`after ${CYCLES} times ${STREAMS} streams, memory and descriptors are back`, { timeout: 600000 }, async (t) => {
  const fleet = startFleet(t, bridge);
  await warmUp(fleet);
  await until('the streams before to be gone', () => descriptors(bridge.pid) < OTHER_DESCRIPTORS, 60000);
  const before = memory(bridge.pid);
  const left = [];
  for (let cycle = 1; cycle <= CYCLES; ++cycle) {
    const topic = `cycle.${cycle}`;
    await fleet.open('all', STREAMS, topic);
    await fleet.untilOpen('all');
    await producer.batch({ topic, events: [{ text: numbered(0) }] });
    await fleet.untilAt('all', 1);
    const report = await fleet.tell('close', 'all', ...(cycle % 2 ? [] : ['reset']));
    assertSound(report);
    assert.equal(report.attempts, STREAMS);
    assert.equal(report.events, STREAMS);
    await untilSubscribed(topic, 0);
    await until('their descriptors to be closed', () => descriptors(bridge.pid) < OTHER_DESCRIPTORS, 60000);
    left.push(memory(bridge.pid) - before);
  }
  t.diagnostic(`left of ${STREAMS} streams after each cycle: ${left.map(mib).join(', ')}`);
  assert.ok(threads(bridge.pid) <= THREADS, `${threads(bridge.pid)} threads`);
  if (isSanitized(bridge.pid)) return;
  assert.ok(Math.max(...left) <= STREAMS * BYTES_A_STREAM, 'no cycle leaves more than one fleet needs');
  const settled = Math.max(...left.slice(0, SETTLED));
  assert.ok(left.at(-1) <= settled + (1 << 20), `${mib(left.at(-1))} at the end, ${mib(settled)} after ${SETTLED} cycles`);
});

test('beyond max_connections an EventSource is told to come back, others get 503, and both get in when there is room', { timeout: 120000 }, async (t) => {
  const own = await startBridge(t, '--max_connections=500', '--retry=200ms');
  const other = new Producer(own);
  t.after(() => other.close());
  const fleet = startFleet(t, own);
  await fleet.open('first', 500, 'full');
  await fleet.untilOpen('first');

  await fleet.open('late', 100, 'full');
  const late = await fleet.until('all to be sent away', 'late', ({ ended, reset }) => ended + reset === 100);
  assertSound(late);
  assert.deepEqual(late.status, { 200: 100 });
  assert.deepEqual([late.reset, late.lastChunk, late.events], [0, 0, 0]);
  const { head } = await exchange(t, own, 'GET /v1/topics/full/history HTTP/1.1');
  assert.equal(head.status, 503);
  assert.ok(Number(head.fields['retry-after']) >= 1);

  await fleet.open('patient', 50, 'full', 'back');
  await fleet.until('all to be sent away', 'patient', ({ ended }) => ended >= 50);
  await fleet.tell('close', 'first');
  await fleet.untilOpen('patient');
  await other.batch({ topic: 'full', events: [{ text: numbered(0) }] });
  await fleet.untilAt('patient', 1);
  assertSound(await fleet.report('patient'));
});
