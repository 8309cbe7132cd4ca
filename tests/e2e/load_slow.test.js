'use strict';

// Readers that take little or nothing: the others don't notice, and the memory they cost is bounded. SLUICE_STALL is for how
// many seconds they stall.

const assert = require('node:assert/strict');
const { setTimeout: delay } = require('node:timers/promises');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { assertSound, numbered, startFleet } = require('./lib/fleet.js');
const { Producer } = require('./lib/producer.js');
const { until } = require('./lib/until.js');
const { isSanitized, kernelMemory, memory, mib, sum } = require('./lib/usage.js');

const STALL_MS = Number(process.env.SLUICE_STALL ?? 4) * 1000;
const LIVE = 1000;
const STALLED = 1000;
const EVENT_BYTES = 2000;
const ROUND = 60;           // events
const AHEAD = 10;           // of them are on their way to the live readers at the most
const INTERVAL_MS = 5;      // between two of them
const ROUNDS_AT_MOST = 10;  // for a round that nothing else disturbs

// What the kernel may hold for a reader that takes nothing: a little more than TCP_NOTSENT_LOWAT, and a segment.
const KERNEL_BYTES = 96 << 10;
const LOG_BYTES = 256 << 10;

async function start(t, ...flags) {
  const bridge = await startBridge(t, `--retention_bytes=${LOG_BYTES}`, ...flags);
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  const subscribers = async (topic) => (await producer.getTopic(topic))?.subscribers ?? 0;
  return {
    bridge,
    producer,
    fleet: startFleet(t, bridge),
    untilSubscribed: (topic, count) =>
        until(`${count} subscribers of ${topic}`, async () => (await subscribers(topic)) === count, 60000),
  };
}

// Publishes numbered events on and on, a round at a time.
class Rounds {
  constructor(producer, topic) {
    this.producer = producer;
    this.topic = topic;
    this.next = 0;
  }

  async publish(fleet, count = ROUND) {
    for (let index = 0; index < count; ++index) {
      if (index % AHEAD === 0) await fleet.untilAt('live', this.next);
      await this.producer.batch({ topic: this.topic, events: [{ text: numbered(this.next++, EVENT_BYTES) }] });
      await delay(INTERVAL_MS);
    }
  }

  // How long a round's deliveries to the live readers take, 99 of 100.
  async measure(fleet) {
    await fleet.tell('clear', 'live');
    await this.publish(fleet);
    return (await fleet.untilAt('live', this.next)).latencyUs.p99;
  }
}

test(`half of ${LIVE + STALLED} readers stalled for ${STALL_MS / 1000} s: the others don't wait for them, and they cost little`, { timeout: 600000 }, async (t) => {
  const { bridge, producer, fleet, untilSubscribed } = await start(t, '--write_timeout=10m', '--drip_timeout=10m');
  const rounds = new Rounds(producer, 'stall');
  await fleet.open('live', LIVE, 'stall');
  await fleet.untilOpen('live');
  await rounds.measure(fleet);
  const alone = await rounds.measure(fleet);
  const before = memory(bridge.pid);

  await fleet.open('never', STALLED - 600, 'stall', 'never');
  await fleet.open('drip', 300, 'stall', 'drip=1', 'rcvbuf=4096');
  await fleet.open('half', 300, 'stall', `stop=${EVENT_BYTES}`, 'rcvbuf=4096');
  await untilSubscribed('stall', LIVE + STALLED);
  await fleet.until('those in the middle of an event', 'half', ({ bytes, clients }) => bytes === clients * EVENT_BYTES);

  const end = performance.now() + STALL_MS;
  const overtaken = rounds.next + 2 * LOG_BYTES / EVENT_BYTES;
  const bound = (us) => 3 * us + 5000;
  const together = [];
  let most = 0;
  do {
    together.push(await rounds.measure(fleet));
    most = Math.max(most, memory(bridge.pid));
  } while (performance.now() < end || rounds.next < overtaken || (Math.min(...together) > bound(alone) && together.length < ROUNDS_AT_MOST));
  const kernel = await kernelMemory(bridge.port);
  t.diagnostic(`${STALLED} readers that stall cost ${mib(most - before)} of memory, and all ${kernel.length} ` +
               `${mib(sum(kernel))} in the kernel, ${Math.round(Math.max(...kernel) / 1024)} KiB at most`);
  assert.equal(kernel.length, LIVE + STALLED);
  assert.ok(Math.max(...kernel) <= KERNEL_BYTES, `${Math.max(...kernel)} bytes in the kernel for one reader`);
  if (!isSanitized(bridge.pid)) {
    assert.ok(most - before <= 16 * LOG_BYTES + STALLED * 1024, `${mib(most - before)} for ${STALLED} readers that stall`);
  }

  // They go on where they are, after a gap for what is no longer there.
  for (const group of ['never', 'drip', 'half']) {
    await fleet.tell('resume', group);
    const report = await fleet.untilAt(group, rounds.next);
    assertSound(report);
    assert.equal(report.connected, report.clients);
    assert.ok(report.gaps >= report.clients, `${group}: ${report.gaps} gaps`);
    await fleet.tell('close', group);
  }
  await untilSubscribed('stall', LIVE);
  const after = await rounds.measure(fleet);
  const ms = (us) => (us / 1e3).toFixed(1);
  t.diagnostic(`99 of 100 deliveries to ${LIVE} readers within ${ms(alone)} ms alone, ${together.map(ms).join(', ')} ms beside those that stall, ` +
               `${ms(after)} ms when these had left`);
  // Whatever else the machine does is in some rounds; what the stalled readers do would be in all beside them.
  assert.ok(Math.min(...together) <= bound(Math.max(alone, after)));
  const live = await fleet.report('live');
  assertSound(live);
  assert.equal(live.gaps, 0);
  assert.equal(live.events, LIVE * rounds.next);
});

// How each group reads; the second half is closed.
const STAY = { live: [], slow: ['drip=16384', 'rcvbuf=4096'] };
const LEAVE = { drip: ['drip=100', 'rcvbuf=4096'], never: ['never', 'rcvbuf=4096'], half: ['stop=1000', 'rcvbuf=4096'] };
const EACH = 10;

for (const [what, ...flags] of [
  ['less than 1 KiB/s for drip_timeout', '--drip_timeout=5s', '--write_timeout=10m'],
  ['nothing for write_timeout', '--drip_timeout=10m', '--write_timeout=5s'],
]) {
  test(`a reader that stays behind and takes ${what} is closed; one that is quicker, or idle, is not`, { timeout: 120000 }, async (t) => {
    const { producer, fleet, untilSubscribed } = await start(t, '--heartbeat=1s', ...flags);
    const rounds = new Rounds(producer, 'drip');
    const groups = { ...STAY, ...LEAVE };
    await fleet.open('idle', EACH, 'quiet');
    for (const [group, options] of Object.entries(groups)) await fleet.open(group, EACH, 'drip', ...options);
    await untilSubscribed('drip', EACH * Object.keys(groups).length);
    await rounds.publish(fleet, 400);
    await untilSubscribed('drip', EACH * Object.keys(STAY).length);
    await untilSubscribed('quiet', EACH);
    await rounds.publish(fleet);
    await fleet.untilAt('live', rounds.next);
    for (const group of ['idle', ...Object.keys(STAY)]) {
      const report = await fleet.report(group);
      assertSound(report);
      assert.equal(report.connected, EACH, group);
    }
  });
}
