'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { BIN, Child } = require('./lib/process.js');
const {
  PUBLISH, PUBLISH_BATCH, PUBLISH_WITH_FEEDBACK, accepted, encodeRequest, failure, status, useProducer, violations,
} = require('./lib/producer.js');
const { python, pythonStubs } = require('./lib/python.js');
const { decode } = require('./lib/readers.js');
const { openStream } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--producer_grace=1s');
const producer = useProducer(bridge);

const stream = (t, topic) => openStream(t, bridge, `/v1/topics/${topic}/events`);
const data = (raw) => decode(raw.text).map((event) => event.data);
const noProducer = (topic) => until(`no producer of ${topic}`, async () => (await producer.getTopic(topic)).producers === 0);

// What every producer of the list publishes: see producers/publish.py.
const EXPECTED = [
  { type: 'message', data: 'plain' },
  { type: 'tick', id: 'py.1', data: 'two\nlines' },
  { type: 'message', json: { percent: 42, unit: 'Grüße' } },
];

function verify(events) {
  assert.equal(events.length, EXPECTED.length + 1);
  for (const [index, expected] of EXPECTED.entries()) {
    assert.equal(events[index].type, expected.type);
    if (expected.id) assert.equal(events[index].id, expected.id);
    if (expected.json) assert.deepEqual(JSON.parse(events[index].data), expected.json);
    else assert.equal(events[index].data, expected.data);
  }
  assert.equal(events.at(-1).data, '[DONE]');
}

test('a grpc-js producer publishes over one Publish call', async (t) => {
  const raw = await stream(t, 'from.grpc-js');
  const answer = await producer.publish(
      { topic: 'from.grpc-js', events: [{ text: 'plain' }, { type: 'tick', id: 'py.1', text: 'two\nlines' }] },
      { events: [{ json: { structValue: { fields: { percent: { numberValue: 42 }, unit: { stringValue: 'Grüße' } } } } }] },
      { end: {} });
  await raw.untilClosed();
  verify(decode(raw.text));
  assert.equal(answer.accepted, 3);
  assert.equal(answer.duplicates, 0);
  assert.equal(answer.lastCursor, decode(raw.text).at(-1).id);
});

test('a Python grpcio producer does the same with stubs by grpc_tools', async (t) => {
  const stubs = await pythonStubs(t);
  const raw = await stream(t, 'from.python');
  const { code, stdout, stderr } = await python(stubs, [path.join(__dirname, 'producers/publish.py'), bridge.grpc, 'from.python']);
  assert.equal(code, 0, stderr);
  await raw.untilClosed();
  verify(decode(raw.text));
  assert.equal(stdout.trim(), `3 ${decode(raw.text).at(-1).id}`);
});

test('the C++ producer `sluice pub` does it line by line', async (t) => {
  const raw = await stream(t, 'from.cpp');
  const pub = new Child(path.join(BIN, 'sluice'), ['pub', 'from.cpp', '--end', '--grpc', bridge.grpc], { input: 'plain\nGrüße\n\nlast' });
  const { code, stderr } = await pub.wait();
  assert.equal(code, 0, stderr);
  await raw.untilClosed();
  assert.deepEqual(data(raw), ['plain', 'Grüße', '', 'last', '[DONE]']);
});

test('one call may serve many topics, and an empty topic is the one before', async (t) => {
  await producer.publish(
      { topic: 'many.a', events: [{ text: 'a1' }] }, { topic: 'many.b', events: [{ text: 'b1' }] },
      { events: [{ text: 'b2' }], end: {} }, { topic: 'many.a', events: [{ text: 'a2' }], end: {} });
  for (const [topic, expected] of [['many.a', ['a1', 'a2', '[DONE]']], ['many.b', ['b1', 'b2', '[DONE]']]]) {
    const raw = await stream(t, topic);
    await raw.untilClosed();
    assert.deepEqual(data(raw), expected);
  }
});

test('an event sent again with its id counts as a duplicate, also after the end', async (t) => {
  const requests = [{ topic: 'again', events: [{ id: 'one', text: '1' }, { id: 'two', text: '2' }] }, { end: {} }];
  const first = await producer.publish(...requests);
  assert.deepEqual([first.accepted, first.duplicates], [2, 0]);
  const second = await producer.publish(...requests);
  assert.deepEqual([second.accepted, second.duplicates], [0, 2]);
  assert.equal(second.lastCursor, first.lastCursor);
  const raw = await stream(t, 'again');
  await raw.untilClosed();
  assert.deepEqual(data(raw), ['1', '2', '[DONE]']);
});

test('a new event or another end after the end is FAILED_PRECONDITION', async () => {
  await producer.publish({ topic: 'over', events: [{ text: 'x' }] }, { end: {} });
  for (const request of [{ events: [{ text: 'y' }] }, { end: { error: { code: 13, message: 'no' } } }]) {
    const error = await failure(producer.batch({ topic: 'over', ...request }));
    assert.equal(error.code, status.FAILED_PRECONDITION, error.message);
  }
});

test('PublishWithFeedback acknowledges what is stored', async () => {
  const call = producer.publisher.publishWithFeedback();
  const acks = [];
  let over = false;
  call.on('data', (message) => { if (message.feedback === 'ack') acks.push(message.ack); });
  call.on('end', () => { over = true; });
  call.on('error', (error) => { over = error; });
  call.write({ topic: 'acked', events: [{ text: '1' }, { text: '2' }] });
  await until('the first ack', () => acks.at(-1)?.requests === 1);
  assert.deepEqual([acks.at(-1).accepted, acks.at(-1).duplicates], [2, 0]);
  call.write({ events: [{ id: 'k', text: '3' }] });
  call.write({ events: [{ id: 'k', text: '3' }] });
  await until('three requests acknowledged', () => acks.at(-1).requests === 3);
  assert.deepEqual([acks.at(-1).accepted, acks.at(-1).duplicates], [3, 1]);
  call.write({ end: {} });
  call.end();
  await until('the end of the call', () => over);
  assert.equal(over, true);
  assert.equal(acks.at(-1).requests, 4);
  assert.equal(acks.at(-1).lastCursor, (await producer.getTopic('acked')).lastCursor);
});

test('half-close without an end keeps the topic open', async (t) => {
  const raw = await stream(t, 'half');
  await producer.publish({ topic: 'half', events: [{ text: 'first call' }] });
  await producer.publish({ topic: 'half', events: [{ text: 'second call' }] });
  await raw.until('both events', () => data(raw).length === 2);
  assert.deepEqual(data(raw), ['first call', 'second call']);
  assert.equal(raw.closed, false);
});

test("grpc-js's cancel() is no end", async (t) => {
  const raw = await stream(t, 'cancelled');
  const call = producer.open();
  call.write({ topic: 'cancelled', events: [{ text: 'before' }] });
  await raw.until('the event', () => data(raw).length === 1);
  call.cancel();
  assert.equal((await failure(call.response)).code, status.CANCELLED);
  await noProducer('cancelled');
  await producer.publish({ topic: 'cancelled', events: [{ text: 'after' }] });
  await raw.until('the next event', () => data(raw).length === 2);
  assert.deepEqual(data(raw), ['before', 'after']);
  assert.equal((await producer.getTopic('cancelled')).state, 'TOPIC_STATE_OPEN');
});

test("grpc-js's deadline is no end", async (t) => {
  const raw = await stream(t, 'deadline');
  const call = producer.open({ deadline: Date.now() + 500 });
  call.write({ topic: 'deadline', events: [{ text: 'before' }] });
  assert.equal((await failure(call.response)).code, status.DEADLINE_EXCEEDED);
  await raw.until('the event', () => data(raw).length === 1);
  await noProducer('deadline');
  await producer.publish({ topic: 'deadline', events: [{ text: 'after' }] });
  await raw.until('the next event', () => data(raw).length === 2);
  assert.deepEqual(data(raw), ['before', 'after']);
  assert.equal((await producer.getTopic('deadline')).state, 'TOPIC_STATE_OPEN');
});

test('a producer killed under ON_ABORT_FAIL fails its topic after the grace, unless another call took the topic over', async (t) => {
  const kept = await stream(t, 'killed.kept');
  const lost = await stream(t, 'killed.lost');
  const child = new Child(process.execPath, [path.join(__dirname, 'producers/hold.js'), bridge.grpc, 'killed.kept', 'killed.lost']);
  await kept.until("the child's event", () => data(kept).length === 1);
  await lost.until("the child's event", () => data(lost).length === 1);
  const before = lost.chunks.length;
  const killed = performance.now();
  await child.stop('SIGKILL');

  // The topic that was named first, and so would fail first, is taken over.
  const call = producer.open();
  call.write({ topic: 'killed.kept', events: [{ text: 'taken over' }] });
  await kept.until('the event of the new call', () => data(kept).length === 2);

  await lost.untilClosed();
  assert.ok(performance.now() - killed > 900, 'not before the grace is over');
  const added = lost.chunks.slice(before).filter((chunk) => chunk !== ': heartbeat\n');
  assert.equal(added.length, 1, 'one chunk');
  assert.match(added[0], /^id: \S+\nevent: error\ndata: \{"code":"ABORTED","message":"[^"]*producer lost[^"]*"\}\n\nid: \S+\ndata: \[DONE\]\n\n$/);
  assert.ok(lost.chunked.last);
  const topic = await producer.getTopic('killed.lost');
  assert.equal(topic.state, 'TOPIC_STATE_FAILED');
  assert.equal(topic.error.code, status.ABORTED);

  call.write({ events: [{ text: 'still open' }] });
  await kept.until('the next event', () => data(kept).length === 3);
  assert.deepEqual(data(kept), ['from the child', 'taken over', 'still open']);
  call.end();
  await call.response;
});

test('a clean half-close without an end under ON_ABORT_FAIL fails the topic too', async (t) => {
  const raw = await stream(t, 'closed');
  await producer.publish({ topic: 'closed', onAbort: 'ON_ABORT_FAIL', events: [{ text: 'x' }] });
  await raw.untilClosed();
  assert.match(raw.chunks.at(-1), /event: error\n/);
});

test('an end makes ON_ABORT_FAIL void', async (t) => {
  const raw = await stream(t, 'ended');
  await producer.publish({ topic: 'ended', onAbort: 'ON_ABORT_FAIL', events: [{ text: 'x' }] }, { end: {} });
  await raw.untilClosed();
  assert.deepEqual(data(raw), ['x', '[DONE]']);
});

const good = (topic, ...texts) => encodeRequest({ topic, events: texts.map((text) => ({ text })) });

// A request whose one event's text is the given bytes, whatever they are.
function withText(bytes) {
  const event = Buffer.concat([Buffer.from([0x1a, bytes.length]), bytes]);
  return Buffer.concat([Buffer.from([0x12, event.length]), event]);
}

const DAMAGED = {
  'a truncated request': good('t', 'some text').subarray(0, 8),
  'a length beyond its request': Buffer.from([0x12, 0x7f, 0x01]),
  'a varint that never ends': Buffer.alloc(11, 0xff),
  'an end of a group that never began': Buffer.from([0x0c]),
  'a byte that UTF-8 does not have': withText(Buffer.from([0x61, 0xff, 0x62])),
  'UTF-8 cut short': withText(Buffer.from([0xe4, 0xb8])),
  'a surrogate in UTF-8': withText(Buffer.from([0xed, 0xa0, 0x80])),
  'an overlong zero in UTF-8': withText(Buffer.from([0xc0, 0x80])),
};

for (const [index, [name, bytes]] of Object.entries(DAMAGED).entries()) {
  for (const [method, path] of [['Publish', PUBLISH], ['PublishWithFeedback', PUBLISH_WITH_FEEDBACK]]) {
    test(`${name} fails a ${method} call with INVALID_ARGUMENT; the events before it stay`, async (t) => {
      const topic = `damaged.${method}.${index}`;
      const raw = await stream(t, topic);
      const error = await failure(producer.raw(path, good(topic, '1', '2'), good(topic, '3'), bytes, good(topic, 'never')));
      assert.equal(error.code, status.INVALID_ARGUMENT, error.message);
      assert.match(violations(error)[0].field, /^requests\[2\]/);
      assert.deepEqual(accepted(error), ['3']);
      await raw.until('the events before', () => data(raw).length === 3);
      await producer.publish({ topic, events: [{ text: 'the next call' }] });
      await raw.until("the next call's event", () => data(raw).length === 4);
      assert.deepEqual(data(raw), ['1', '2', '3', 'the next call']);
    });
  }
}

test('a damaged PublishBatch is INVALID_ARGUMENT and stores nothing', async () => {
  const error = await failure(producer.raw(PUBLISH_BATCH, DAMAGED['a truncated request']));
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.match(violations(error)[0].field, /^requests\[0\]/);
});

test('a bad event in the middle of a call is named by its place, and its whole request stores nothing', async (t) => {
  const raw = await stream(t, 'bad.middle');
  const error = await failure(producer.publish(
      { topic: 'bad.middle', events: [{ text: '1' }] },
      { events: [{ text: 'not stored' }, { text: 'x' }, { type: 'a\nb' }] }));
  assert.equal(error.code, status.INVALID_ARGUMENT);
  assert.equal(violations(error)[0].field, 'requests[1].events[2].type');
  assert.deepEqual(accepted(error), ['1']);
  await producer.publish({ topic: 'bad.middle', end: {} });
  await raw.untilClosed();
  assert.deepEqual(data(raw), ['1', '[DONE]']);
});

for (const topic of ['', 'a..b', '.a', 'a.', 'a b', 'a/b', 'é', 'sluice.mine', 'a.*', '>', 'x'.repeat(256)]) {
  test(`the topic ${JSON.stringify(topic.slice(0, 20))} is refused`, async () => {
    const error = await failure(producer.publish({ topic, events: [{ text: 'x' }] }));
    assert.equal(error.code, status.INVALID_ARGUMENT, error.message);
    assert.equal(violations(error)[0].field, 'requests[0].topic');
  });
}

test('a call without a request is OK with zeros', async () => {
  assert.deepEqual(await producer.publish(), { accepted: 0, duplicates: 0, lastCursor: '' });
});

test('20,000 requests of one call arrive in order', async (t) => {
  await producer.createTopic({ topic: 'order', settings: { retentionEvents: 20000 } });
  const raw = await stream(t, 'order');
  const call = producer.open();
  for (let index = 0; index < 20000; ++index) {
    if (!call.write({ topic: 'order', events: [{ text: `${index}` }] })) {
      await new Promise((resolve) => { call.once('drain', resolve); });
    }
  }
  call.write({ end: {} });
  call.end();
  assert.equal((await call.response).accepted, 20000);
  await raw.untilClosed(30000);
  const seen = data(raw);
  assert.ok(seen.every((text, index) => text === `${index}` || index === 20000));
  assert.equal(seen.length, 20001);
});
