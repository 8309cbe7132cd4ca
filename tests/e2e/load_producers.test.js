'use strict';

// Producers that are faster than anyone reads.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { assertSound, numbered, startFleet } = require('./lib/fleet.js');
const { Producer } = require('./lib/producer.js');
const { isSanitized, memory, mib } = require('./lib/usage.js');

const MIB = 1 << 20;
const SLACK = 64 * MIB;  // gRPC's own buffers, and what the allocator holds back

// Watches a process's memory until it is told to stop, and then returns the most there was.
function watchMemory(pid) {
  let most = 0;
  const look = () => { most = Math.max(most, memory(pid)); };
  const timer = setInterval(look, 20);
  return () => { clearInterval(timer); look(); return most; };
}

// Publishes requests `from` to `to`, of `batch` numbered events each, over one call, as fast as the bridge takes them.
async function flood(call, topic, from, to, batch, bytes) {
  for (let request = from; request < to; ++request) {
    const events = Array.from({ length: batch }, (_, index) => ({ text: numbered(request * batch + index, bytes) }));
    if (!call.write({ topic, events })) await new Promise((resolve) => { call.once('drain', resolve); });
  }
  call.end();
  assert.equal((await call.response).accepted, (to - from) * batch);
}

test('a producer far faster than its slowest reader: memory stays that of the log, and the reader is told what it missed', { timeout: 300000 }, async (t) => {
  const [requests, batch, bytes, log] = [2000, 10, 10000, 4 * MIB];
  const bridge = await startBridge(t, `--retention_bytes=${log}`, `--replay_memory=${log}`, '--write_timeout=10m', '--drip_timeout=10m');
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  const fleet = startFleet(t, bridge);
  await fleet.open('quick', 2, 'flood');
  await fleet.open('stuck', 8, 'flood', 'stop=1000', 'rcvbuf=4096');
  await fleet.untilOpen('quick');
  await fleet.untilOpen('stuck');
  const before = memory(bridge.pid);
  const stop = watchMemory(bridge.pid);
  await flood(producer.open(), 'flood', 0, requests, batch, bytes);
  await fleet.untilAt('quick', requests * batch);
  const grown = stop() - before;
  t.diagnostic(`${mib(requests * batch * bytes)} through a log of ${mib(log)}: at most ${mib(grown)} more memory`);
  if (!isSanitized(bridge.pid)) assert.ok(grown <= 3 * log + SLACK, mib(grown));

  await fleet.tell('resume', 'stuck');
  const report = await fleet.untilAt('stuck', requests * batch);
  assertSound(report);
  assert.ok(report.gaps >= 8, `${report.gaps} gaps`);
  assertSound(await fleet.report('quick'));
});

test('many calls at full speed: memory stays within their windows and the log, however long they go on', { timeout: 300000 }, async (t) => {
  const [calls, requests, batch, bytes, log] = [64, 40, 8, 8000, 256 << 10];
  const bridge = await startBridge(t, `--retention_bytes=${log}`, `--replay_memory=${4 * MIB}`);
  const producers = Array.from({ length: 4 }, () => new Producer(bridge, { 'grpc.use_local_subchannel_pool': 1 }));
  t.after(() => producers.forEach((producer) => producer.close()));
  const fleet = startFleet(t, bridge);
  for (let call = 0; call < calls; ++call) await fleet.open(`readers.${call}`, 2, `flood.${call}`);
  for (let call = 0; call < calls; ++call) await fleet.untilOpen(`readers.${call}`);

  const before = memory(bridge.pid);
  const most = [];
  for (const [from, to] of [[0, requests], [requests, 3 * requests]]) {
    const stop = watchMemory(bridge.pid);
    await Promise.all(Array.from({ length: calls }, (_, call) => flood(producers[call % 4].open(), `flood.${call}`, from, to, batch, bytes)));
    for (let call = 0; call < calls; ++call) assertSound(await fleet.untilAt(`readers.${call}`, to * batch));
    most.push(stop() - before);
  }
  t.diagnostic(`over ${calls} calls, ${mib(calls * requests * batch * bytes)}, then twice as much: at most ${most.map(mib).join(', then ')} more memory`);
  if (isSanitized(bridge.pid)) return;
  assert.ok(most[0] <= calls * (MIB + 2 * log) + SLACK, mib(most[0]));
  assert.ok(most[1] <= most[0] + SLACK, most.map(mib).join(', then '));
});
