'use strict';

// The calls of readers over gRPC: how they begin, how they end, who is in whose way. What they read is in subscribe.test.js.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { GrpcReader, MS, SseReader, untilRead, untilStanding } = require('./lib/lists.js');
const { Producer, failure, status, useProducer, violations } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const bridge = useBridge();
const producer = useProducer(bridge);

// A producer with a connection of its own.
function connect(t, to) {
  const other = new Producer(to, { 'grpc.use_local_subchannel_pool': 1 });
  t.after(() => other.close());
  return other;
}

function subscribe(t, by, topics, start) {
  const reader = new GrpcReader(by, topics, start);
  t.after(() => reader.close());
  return reader;
}

function stream(t, from, topics, start) {
  const reader = new SseReader(from, topics, start);
  t.after(() => reader.close());
  return reader;
}

const subscribers = (topic, count, by = producer) => until(
    `${topic} to have ${count} subscribers`, async () => ((await by.getTopic(topic))?.subscribers ?? 0) === count, MS);
const dataOf = (list) => list.map(({ data }) => data).filter((data) => data !== undefined);

for (const topics of [['begins'], ['begins', 'more'], ['*']]) {
  test(`once initial metadata is there, nothing is missed: ${topics}`, async (t) => {
    for (let round = 0; round < 20; ++round) {
      const reader = subscribe(t, producer, topics, { from: 'latest' });
      await until('the metadata', () => reader.metadata, MS);
      await producer.batch({ topic: 'begins', events: [{ text: `${topics} ${round}` }] });
      const [place, event] = await untilRead(reader, (list) => list.length > 1);
      assert.ok(place.position);
      assert.equal(event.data, `${topics} ${round}`);
      reader.close();
    }
  });
}

test('initial metadata comes although there is nothing to read, and the topic has a subscriber then', async (t) => {
  const reader = subscribe(t, producer, ['empty.one']);
  await until('the metadata', () => reader.metadata, MS);
  assert.deepEqual(reader.list, []);
  assert.equal((await producer.getTopic('empty.one')).subscribers, 1);
});

test('GetTopic counts subscriptions beside streams, of names and of patterns, and only while they last', async (t) => {
  await producer.batch({ topic: 'counted.a', events: [{ text: 'x' }] });
  const readers = [['counted.a'], ['counted.a', 'counted.b'], ['counted.*']].flatMap(
      (topics) => [subscribe(t, producer, topics), stream(t, bridge, topics)]);
  const other = connect(t, bridge);
  const lost = subscribe(t, other, ['counted.a']);
  await untilStanding(...readers, lost);
  await subscribers('counted.a', 7);
  await subscribers('counted.b', 4);
  lost.close();
  await subscribers('counted.a', 6);
  for (const reader of readers) reader.close();
  await subscribers('counted.a', 0);
  await subscribers('counted.b', 0);
});

test('where SSE answers 204, a subscription is OK without a message', async (t) => {
  const ends = {};
  for (const topic of ['over.a', 'over.b', 'over.empty']) {
    const events = topic === 'over.empty' ? [] : [{ text: 'x' }];
    ends[topic] = (await producer.batch({ topic, events, end: {} })).lastCursor;
  }
  await producer.batch({ topic: 'over.gone', events: [{ text: 'x' }] });
  await producer.deleteTopic('over.gone');
  const gone = await untilRead(subscribe(t, producer, ['over.gone']), () => false);
  const rows = [
    [['over.a'], ends['over.a']], [['over.a'], ends['over.b']], [['over.empty'], ends['over.empty']],
    [['over.a', 'over.b'], ends['over.b']], [['over.gone'], gone.at(-1).cursor],
  ];
  for (const [topics, cursor] of rows) {
    const grpc = subscribe(t, producer, topics, { cursor });
    const sse = stream(t, bridge, topics, { cursor });
    for (const reader of [grpc, sse]) assert.deepEqual(await untilRead(reader, () => false), [], `${topics} ${cursor}`);
    assert.deepEqual([grpc.status, sse.httpStatus], [status.OK, 204], `${topics} ${cursor}`);
  }
});

const many = Array.from({ length: 65 }, (_, n) => `many.${n}`);
for (const [what, topics] of [
  ['no topic', []], ['an empty topic', ['']], ['an empty token', ['a..b']], ['a wildcard within a token', ['a.b*']],
  ['a > that is not last', ['>.a']], ['a character that no topic has', ['a b']], ['one bad topic of two', ['a', '.b']],
  ['more topics than one stream takes', many],
]) {
  test(`a selector of ${what} is INVALID_ARGUMENT, and 400 over SSE`, async (t) => {
    const reader = subscribe(t, producer, topics);
    await until('the call to fail', () => reader.over, MS);
    assert.equal(reader.status, status.INVALID_ARGUMENT);
    assert.deepEqual(violations(reader.error).map(({ field }) => field), ['topics']);
    assert.deepEqual(reader.list, []);
    const query = topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join('&');
    assert.equal((await fetch(`${bridge.http}/v1/events?${query}`)).status, 400);
  });
}

for (const [field, request] of [['last', { last: -1 }], ['start', { start: 7 }]]) {
  test(`a bad ${field} is INVALID_ARGUMENT`, async () => {
    const call = producer.subscriber.subscribe({ topics: ['a'], ...request });
    const error = await failure(new Promise((resolve, reject) => {
      call.on('data', resolve).on('error', reject).on('end', resolve);
    }));
    assert.equal(error.code, status.INVALID_ARGUMENT);
    assert.deepEqual(violations(error).map((violation) => violation.field), [field]);
  });
}

test('under require_topics a topic that is not there is NOT_FOUND, and 404 over SSE', async (t) => {
  const own = await startBridge(t, '--require_topics');
  const other = connect(t, own);
  await other.batch({ topic: 'there', events: [{ text: 'x' }], end: {} });
  for (const topics of [['nowhere'], ['there', 'nowhere']]) {
    const readers = [subscribe(t, other, topics), stream(t, own, topics)];
    for (const reader of readers) assert.deepEqual(await untilRead(reader, () => false), []);
    assert.deepEqual([readers[0].status, readers[1].httpStatus], [status.NOT_FOUND, 404]);
  }
  const there = subscribe(t, other, ['there']);
  assert.deepEqual(dataOf(await untilRead(there, () => false)), ['x']);
  assert.equal(there.status, status.OK);
});

const LARGE = 20000;
const COUNT = 500;
const large = (n) => `${n} ${'x'.repeat(LARGE)}`;

// A subscription that stops reading, and two readers that don't, of a topic with `settings`: gives them when the others have
// everything.
async function withPaused(t, topic, settings) {
  await producer.createTopic({ topic, settings: { retentionBytes: 64 << 20, ...settings } });
  const slow = subscribe(t, connect(t, bridge), [topic]);
  const others = [subscribe(t, connect(t, bridge), [topic]), stream(t, bridge, [topic])];
  await untilStanding(slow, ...others);
  slow.call.pause();
  for (let n = 0; n < COUNT; ++n) {
    await producer.batch({ topic, events: [{ text: large(n) }] });
    // The others are not to be slow ones.
    if (n % 10 === 9) await until(`${n + 1} events at the others`, () => others.every(({ count }) => count > n), MS);
  }
  const texts = Array.from({ length: COUNT }, (_, n) => large(n));
  for (const reader of others) assert.ok(dataOf(reader.list).every((data, n) => data === texts[n]));
  assert.ok(slow.list.length < COUNT / 2, `${slow.list.length} events while it was paused`);
  return { slow, texts };
}

test('a subscription that stops reading holds nobody up, and has every event once it reads on', async (t) => {
  const { slow, texts } = await withPaused(t, 'slow.kept', { retentionEvents: COUNT });
  slow.call.resume();
  const list = await untilRead(slow, ({ length }) => length === COUNT);
  assert.ok(list.every(({ data }, n) => data === texts[n]));
});

test('a subscription that retention has overtaken is told a gap where it stands, and goes on', async (t) => {
  const { slow, texts } = await withPaused(t, 'slow.trimmed', { retentionEvents: 50 });
  slow.call.resume();
  const list = await untilRead(slow, (items) => items.at(-1)?.data === texts.at(-1));
  const at = list.findIndex(({ gap }) => gap);
  assert.deepEqual(list.filter(({ gap }) => gap).map(({ gap, topics }) => [gap, topics]), [['trimmed', ['slow.trimmed']]]);
  assert.deepEqual(dataOf(list), [...texts.slice(0, at), ...texts.slice(-50)]);
});

test('a subscription that retention has overtaken is ABORTED if the topic says so', async (t) => {
  const { slow, texts } = await withPaused(t, 'slow.aborted', { retentionEvents: 50, slowReader: 'SLOW_READER_DISCONNECT' });
  slow.call.resume();
  const list = await untilRead(slow, () => false);
  assert.equal(slow.status, status.ABORTED);
  assert.deepEqual(dataOf(list), texts.slice(0, list.length));
});

test('a drain ends subscriptions with UNAVAILABLE once they have all there is, and does not wait any longer', async (t) => {
  const own = await startBridge(t, '--drain=10m');
  const other = connect(t, own);
  const readers = [['drained'], ['drained', 'more'], ['*']].map((topics) => subscribe(t, other, topics, { from: 'earliest' }));
  await untilStanding(...readers);
  const texts = Array.from({ length: 50 }, (_, n) => `event ${n}`);
  await other.batch({ topic: 'drained', events: texts.map((text) => ({ text })) });
  await own.stop();
  for (const reader of readers) {
    await until('the call to be over', () => reader.over, MS);
    assert.equal(reader.status, status.UNAVAILABLE);
    assert.deepEqual(dataOf(reader.list), texts);
  }
});

test('a subscription that reads nothing does not keep a bridge from going', async (t) => {
  const own = await startBridge(t, '--drain=1s');
  const other = connect(t, own);
  const reader = subscribe(t, other, ['stuck']);
  await untilStanding(reader);
  reader.call.pause();
  for (let n = 0; n < 100; ++n) await other.batch({ topic: 'stuck', events: [{ text: large(n) }] });
  await own.stop();
  reader.call.resume();
  await until('the call to be over', () => reader.over, MS);
  assert.notEqual(reader.status, status.OK);
});
