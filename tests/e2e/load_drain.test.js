'use strict';

// SIGTERM while readers and producers are at work.

const assert = require('node:assert/strict');
const { setTimeout: delay } = require('node:timers/promises');
const { test } = require('node:test');
const { Bridge, startBridge } = require('./lib/bridge.js');
const { assertSound, numbered, startFleet } = require('./lib/fleet.js');
const { Producer, failure, status } = require('./lib/producer.js');
const { exchange } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const STREAMS = 5000;
const TOPICS = 4;
const EVENT_BYTES = 200;
const RETRY_MS = 500;

// Publishes numbered events to a topic until its call fails, no more than a few ahead of what is acknowledged.
class Publishing {
  constructor(producer, topic) {
    this.topic = topic;
    this.sent = 0;
    this.acknowledged = 0;
    this.call = producer.publisher.publishWithFeedback();
    this.call.on('data', ({ ack }) => {
      if (ack) this.acknowledged = ack.requests;
    });
    this.ended = new Promise((resolve) => {
      this.call.on('error', (error) => resolve(error.code));
      this.call.on('end', () => setImmediate(resolve, status.OK));
    });
    this.ended.then(() => { this.over = true; });
    this.done = this.run();
  }

  async run() {
    while (!this.over) {
      if (this.sent < this.acknowledged + 8) {
        this.call.write({ topic: this.topic, events: [{ text: numbered(this.sent++, EVENT_BYTES) }] });
      }
      await delay(5);
    }
  }
}

test(`SIGTERM under ${STREAMS} streams and ${TOPICS} producers: whole events only, nothing acknowledged is lost, no last chunk, exit 0`, { timeout: 300000 }, async (t) => {
  const bridge = await startBridge(t, '--drain=5s', `--retry=${RETRY_MS}ms`);
  const producers = Array.from({ length: TOPICS }, () => new Producer(bridge));
  t.after(() => producers.forEach((producer) => producer.close()));
  const fleet = startFleet(t, bridge);
  const groups = Array.from({ length: TOPICS }, (_, index) => `topic.${index}`);
  for (const group of groups) await fleet.open(group, STREAMS / TOPICS, group);
  for (const group of groups) await fleet.untilOpen(group);
  const publishing = groups.map((group, index) => new Publishing(producers[index], group));
  for (const group of groups) await fleet.untilAt(group, 20);

  // What is acknowledged is on its way to all readers; what one of them has got, all that keep up must get.
  const promised = [];
  for (const [index, group] of groups.entries()) {
    promised.push(Math.min(publishing[index].acknowledged, (await fleet.report(group)).mostNext));
  }
  const { child } = bridge;
  bridge.child = undefined;
  const start = performance.now();
  const ended = await child.stop('SIGTERM');
  const took = performance.now() - start;
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  assert.ok(took < 20000, `${took} ms`);
  assert.deepEqual(await Promise.all(publishing.map((one) => one.ended)), groups.map(() => status.UNAVAILABLE));
  await Promise.all(publishing.map((one) => one.done));

  for (const [index, group] of groups.entries()) {
    const report = await fleet.until('all to be closed', group, (now) => now.ended + now.reset === now.clients);
    assertSound(report);
    assert.deepEqual([report.reset, report.lastChunk, report.done, report.gaps], [0, 0, 0, 0]);
    assert.equal(report.toldRetry, report.clients, 'each was told when to come back');
    assert.ok(report.leastRetry >= RETRY_MS && report.mostRetry <= 2 * RETRY_MS, JSON.stringify(report));
    assert.ok(report.retries > 100, 'not all at the same time');
    const { sent, acknowledged } = publishing[index];
    assert.ok(report.leastNext >= promised[index], `${promised[index]} events were there before SIGTERM, a reader got ${report.leastNext}`);
    assert.ok(report.mostNext <= sent);
    assert.ok(report.mostNext > report.leastNext, 'they were closed one after the other, while events went on');
    t.diagnostic(`${group}: ${promised[index]} events there before SIGTERM, ${acknowledged} acknowledged in all; readers got ${report.leastNext} to ${report.mostNext}`);
  }
  t.diagnostic(`a drain of 5 s took ${(took / 1e3).toFixed(2)} s`);
});

test('readers that take nothing do not keep a bridge from going', { timeout: 120000 }, async (t) => {
  const bridge = await startBridge(t, '--drain=1s');
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  const fleet = startFleet(t, bridge);
  await fleet.open('stuck', 50, 'stuck', 'stop=1000', 'rcvbuf=4096');
  await fleet.untilOpen('stuck');
  for (let number = 0; number < 10; ++number) {
    await producer.batch({ topic: 'stuck', events: [{ text: numbered(number, 100000) }] });
  }
  await fleet.until('those in the middle of an event', 'stuck', ({ bytes, clients }) => bytes === clients * 1000);
  await bridge.stop();
  await fleet.tell('resume', 'stuck');
  const report = await fleet.until('all to be closed', 'stuck', ({ ended, reset, clients }) => ended + reset === clients);
  assert.deepEqual([report.lastChunk, report.done], [0, 0]);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`while a bridge drains, its port answers as a full server's does, and a second signal, ${signal}, ends it at once`, { timeout: 120000 }, async (t) => {
    const bridge = await startBridge(t, '--drain=10m');
    const producer = new Producer(bridge);
    t.after(() => producer.close());
    const call = producer.open();  // holds the drain open
    call.write({ topic: 'held', events: [{ text: numbered(0) }] });
    await until('the topic', () => producer.getTopic('held'));
    const fleet = startFleet(t, bridge);
    await fleet.open('readers', 100, 'held');
    await fleet.untilAt('readers', 1);
    const { child } = bridge;
    bridge.child = undefined;
    child.child.kill('SIGTERM');
    await fleet.until('the readers to be sent away', 'readers', ({ ended }) => ended > 0);

    await fleet.open('late', 20, 'held');
    const late = await fleet.until('an answer', 'late', ({ ended, reset }) => ended + reset === 20);
    assertSound(late);
    assert.deepEqual([late.status, late.reset, late.lastChunk, late.events], [{ 200: 20 }, 0, 0, 0]);
    const { head } = await exchange(t, bridge, 'GET /v1/topics/held/history HTTP/1.1');
    assert.equal(head.status, 503);
    assert.ok(Number(head.fields['retry-after']) >= 1);
    assert.equal((await failure(producer.batch({ topic: 'held', events: [{ text: numbered(1) }] }))).code, status.UNAVAILABLE);

    assert.equal(child.exited, false);
    const ended = await child.stop(signal);
    assert.equal(ended.signal, signal);
    assert.equal((await failure(call.response)).code, status.UNAVAILABLE);
  });
}

test('readers of a bridge that is started again are all back at their next attempt, and told of the new log', { timeout: 300000 }, async (t) => {
  const [readers, topic] = [2000, 'again'];
  const first = await new Bridge().start('--drain=1s', `--retry=${RETRY_MS}ms`);
  t.after(() => first.stop());
  let producer = new Producer(first);
  t.after(() => producer.close());
  const fleet = startFleet(t, first);
  await fleet.open('readers', readers, topic, 'back');
  await fleet.untilOpen('readers');
  await producer.batch({ topic, events: [{ text: numbered(0) }] });
  await fleet.untilAt('readers', 1);
  producer.close();
  await first.stop();

  const second = await startBridge(t, '--drain=1s', `--retry=${RETRY_MS}ms`, `--http_listen=127.0.0.1:${first.port}`);
  producer = new Producer(second);
  const ready = await fleet.report('readers');
  const back = await fleet.untilOpen('readers');
  const away = readers - ready.open;
  t.diagnostic(`${back.attempts - ready.attempts} attempts of ${away} readers; ${back.refused} found nobody`);
  assert.ok(back.attempts - ready.attempts <= away, `${back.attempts - ready.attempts} attempts of ${away} readers`);
  await producer.batch({ topic, events: [{ text: numbered(1) }] });
  const report = await fleet.untilAt('readers', 2);
  assertSound(report);
  assert.deepEqual([report.lastChunk, report.gaps], [0, readers]);
});
