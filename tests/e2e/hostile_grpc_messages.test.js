'use strict';

// Messages as no producer should send them: groups 48-50 and 53-57 of the table in tests/README.md, beside the rows of
// producers.test.js and encoding.test.js.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const zlib = require('node:zlib');
const { startBridge } = require('./lib/bridge.js');
const { MARK } = require('./lib/hostile.js');
const { message } = require('./lib/http2.js');
const { call, connect, open, textsOf } = require('./lib/http2_call.js');
const { useGrpcScene } = require('./lib/http2_scene.js');
const { Producer, encodeRequest, failure, status } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const MIB = 1 << 20;
const MAX_EVENT = MIB;
const MAX_MESSAGE = 6 * MIB;  // six times the largest event

const scene = useGrpcScene();

// protobuf by hand.
const varint = (value) => {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return Buffer.from([...bytes, value]);
};
const bytesField = (number, bytes) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
const times = (count, bytes) => Buffer.alloc(count * bytes.length, bytes);
const event = (bytes) => bytesField(2, bytes);
const named = (topic, ...rest) => Buffer.concat([bytesField(1, Buffer.from(topic)), ...rest]);

// A request of exactly `size` bytes, whose events are not too large each.
function requestOfSize(topic, size) {
  const events = Array.from({ length: Math.floor(size / 1000100) }, () => ({ text: 'x'.repeat(1000000) }));
  for (let last = size % 1000100; ;) {
    const bytes = Buffer.from(encodeRequest({ topic, events: [...events, { text: 'x'.repeat(last) }] }));
    if (bytes.length === size) return { bytes, events: events.length + 1 };
    last += size - bytes.length;
  }
}

// A Value inside of a Value, `depth` times.
function nested(depth, around) {
  let value = Buffer.from([0x08, 0]);  // null_value
  for (let level = 0; level < depth; ++level) value = around(value);
  return event(bytesField(4, value));
}
const inList = (value) => bytesField(6, bytesField(1, value));
const inStruct = (value) => bytesField(5, bytesField(1, Buffer.concat([bytesField(1, Buffer.from('k')), bytesField(2, value)])));

const gzip = { 'grpc-encoding': 'gzip' };
const deflate = { 'grpc-encoding': 'deflate' };

// [what, the request's bytes, status]. Each is the second request of a call, and as many events as the last number says
// are its own.
const REQUESTS = {
  'a topic of a wrong wire type, which is an unknown field,': [Buffer.from([0x08, 1]), status.OK],
  'events of a wrong wire type': [Buffer.from([0x15, 1, 2, 3, 4]), status.OK],
  'a field of number 0': [Buffer.from([0x02, 0]), status.INVALID_ARGUMENT],
  'a wire type that there is not': [Buffer.from([0x0f]), status.INVALID_ARGUMENT],
  'a tag of more than 32 bits': [Buffer.from([0x82, 0x80, 0x80, 0x80, 0x80, 0x01, 0]), status.INVALID_ARGUMENT],
  'a group without an end': [Buffer.from([0x7b]), status.INVALID_ARGUMENT],
  "a group with another group's end": [Buffer.from([0x7b, 0x84, 0x01]), status.INVALID_ARGUMENT],
  '10,000 groups in each other': [times(10000, Buffer.from([0x7b])), status.INVALID_ARGUMENT],
  'a length of 2^31': [Buffer.from([0x12, 0x80, 0x80, 0x80, 0x80, 0x08]), status.INVALID_ARGUMENT],
  'a length of 2^64-1': [Buffer.concat([Buffer.from([0x12]), times(9, Buffer.from([0xff])), Buffer.from([0x01])]), status.INVALID_ARGUMENT],
  '10,000 lists in each other': [nested(10000, inList), status.INVALID_ARGUMENT],
  '10,000 objects in each other': [nested(10000, inStruct), status.INVALID_ARGUMENT],
  'an unknown field of 1 MiB': [bytesField(15, Buffer.alloc(MIB, MARK)), status.OK],
  '2,000,000 unknown fields': [times(2000000, Buffer.from([0x78, 1])), status.OK],
  'a list of 1,000,000 nulls': [
    event(bytesField(4, bytesField(6, times(1000000, bytesField(1, Buffer.from([0x08, 0])))))), status.RESOURCE_EXHAUSTED],
  '10,000 events of nothing': [times(10000, event(Buffer.alloc(0))), status.OK, 10000],
  'one event more': [times(10001, event(Buffer.alloc(0))), status.RESOURCE_EXHAUSTED],
  '3,000,000 events of nothing': [times(3000000, event(Buffer.alloc(0))), status.RESOURCE_EXHAUSTED],
  'only zeros': [Buffer.alloc(MIB), status.INVALID_ARGUMENT],
  'nothing at all': [Buffer.alloc(0), status.OK],
};

for (const [index, [what, [bytes, wanted, events = 0]]] of Object.entries(REQUESTS).entries()) {
  const says = wanted === status.OK ? 'is taken' : `fails the call with ${status[wanted]}`;
  const behind = wanted === status.OK ? 'stored' : 'not stored';
  scene.test(`54 damaged requests: ${what} ${says}; what was before stays, what comes behind is ${behind}`, async (t) => {
    const topic = `request.${index}`;
    const result = await call(t, scene.bridge, Buffer.concat([textsOf(topic, 'before'), message(bytes), textsOf(topic, 'behind')]));
    assert.equal(result.status, wanted, result.message);
    if (wanted !== status.OK) {
      assert.equal(result.accepted, '1');
      assert.ok(!result.message.includes(MARK));
    }
    const { events: stored } = await scene.producer.getTopic(topic);
    assert.equal(stored, wanted === status.OK ? Math.min(events + 2, 1000) : 1);
  });
}

// [what, bytes behind a good request, fields, the status that follows or undefined if the stream is reset].
// gRPC 1.51 cannot tell a frame that is cut short from a half-close, and says OK.
const one = textsOf('unused', 'never');
const raw = Buffer.from(encodeRequest({ topic: 'unused', events: [{ text: 'never' }] }));
const FRAMES = {
  'a length of 4 GiB': [message(Buffer.alloc(10), 0, 0xffffffff), {}, status.OK],
  'a length of 2 GiB': [message(Buffer.alloc(10), 0, 0x7fffffff), {}, status.OK],
  'a prefix cut short': [one.subarray(0, 3), {}, status.OK],
  'a message cut short': [one.subarray(0, one.length - 1), {}, status.OK],
  'a flag that there is not': [message(raw, 2), {}, status.OK],
  'a compressed message of no encoding': [message(zlib.gzipSync(raw), 1), {}, status.INVALID_ARGUMENT],
  'a message that says that it is compressed and is not': [message(raw, 1), gzip, undefined],
  'a compressed message that is rubbish': [message(Buffer.alloc(1000, 7), 1), gzip, undefined],
  'a compressed message cut short': [message(zlib.gzipSync(Buffer.alloc(100000)).subarray(0, 50), 1), gzip, undefined],
  'gzip in the name of deflate': [message(zlib.gzipSync(raw), 1), deflate, undefined],
};

for (const [index, [what, [bytes, fields, wanted]]] of Object.entries(FRAMES).entries()) {
  const says = wanted === undefined ? 'resets the call' : `is ${status[wanted]}`;
  scene.test(`55 gRPC's frames: ${what} ${says}; what was before is stored, and nothing has ended`, async (t) => {
    const topic = `frame.${index}`;
    const result = await call(t, scene.bridge, Buffer.concat([textsOf(topic, 'before'), bytes]), { fields });
    assert.equal(result.status, wanted, JSON.stringify(result));
    assert.deepEqual(await scene.texts(topic), ['before', 'the next call', '[DONE]']);
  });
}

scene.test('55 gRPC\'s frames: an encoding that nobody knows is INVALID_ARGUMENT if anything is encoded', async (t) => {
  const fields = { 'grpc-encoding': MARK };
  assert.equal((await call(t, scene.bridge, message(zlib.gzipSync(raw), 1), { fields })).status, status.INVALID_ARGUMENT);
  assert.equal((await call(t, scene.bridge, textsOf('encoding', 'plain'), { fields })).status, status.OK);
  assert.equal((await scene.producer.getTopic('encoding')).events, 1);
});

for (const [name, squeeze, fields] of [['gzip', zlib.gzipSync, gzip], ['deflate', zlib.deflateSync, deflate]]) {
  scene.test(`55 bombs: 100 MiB squeezed by ${name} are RESOURCE_EXHAUSTED`, async (t) => {
    const topic = `bomb.${name}`;
    const bomb = message(squeeze(Buffer.alloc(100 * MIB)), 1);
    assert.ok(bomb.length < 200000);
    const result = await call(t, scene.bridge, Buffer.concat([textsOf(topic, 'before'), bomb]), { fields });
    assert.equal(result.status, status.RESOURCE_EXHAUSTED, result.message);
    assert.equal((await scene.producer.getTopic(topic)).events, 1);
  });

  scene.test(`55 bombs: ${name} counts as large as it is`, async (t) => {
    for (const [size, wanted] of [[MAX_MESSAGE, status.OK], [MAX_MESSAGE + 1, status.RESOURCE_EXHAUSTED]]) {
      const { bytes } = requestOfSize(`squeezed.${name}`, size);
      const result = await call(t, scene.bridge, message(squeeze(bytes, { level: 1 }), 1), { fields });
      assert.equal(result.status, wanted, result.message);
    }
  });
}

for (const [extra, wanted] of [[-1, status.OK], [0, status.OK], [1, status.RESOURCE_EXHAUSTED]]) {
  scene.test(`56 sizes: a request of ${MAX_MESSAGE + extra} bytes is ${status[wanted]}`, async (t) => {
    const topic = `size.${extra + 1}`;
    const { bytes, events } = requestOfSize(topic, MAX_MESSAGE + extra);
    const result = await call(t, scene.bridge, message(bytes));
    assert.equal(result.status, wanted, result.message);
    assert.equal((await scene.producer.getTopic(topic))?.events, wanted === status.OK ? events : undefined);
  });

  scene.test(`49 sizes: an event of ${MAX_EVENT + extra} bytes, its id and type counted, is ${status[wanted]}`, async () => {
    const topic = `event.${extra + 1}`;
    const request = { topic, events: [{ id: 'id', type: 'type', text: 'x'.repeat(MAX_EVENT - 6 + extra) }] };
    if (wanted === status.OK) {
      assert.equal((await scene.producer.batch(request)).accepted, 1);
    } else {
      const error = await failure(scene.producer.batch(request));
      assert.equal(error.code, wanted);
      assert.match(error.details, /max_event_bytes/);
      assert.equal(await scene.producer.getTopic(topic), undefined);
    }
  });
}

scene.test('49 sizes: 1 MiB of line breaks arrives whole, six times as long', async () => {
  const text = '\n'.repeat(MAX_EVENT);
  await scene.producer.batch({ topic: 'breaks', events: [{ text }], end: {} });
  const [first, ...others] = await scene.events('breaks', 30000);
  assert.ok(first.data === text);
  assert.deepEqual(others.map(({ data }) => data), ['[DONE]']);
});

test('56 sizes: small events leave gRPC its 4 MiB, and not a byte more', async (t) => {
  const bridge = await startBridge(t, '--max_event_bytes=1KiB');
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  const padded = (padding) => message(named('t', bytesField(15, Buffer.alloc(padding))));
  const rest = padded(3 * MIB).length - 3 * MIB - 5;  // all but the padding and the prefix
  for (const [size, wanted] of [[4 * MIB, status.OK], [4 * MIB + 1, status.RESOURCE_EXHAUSTED]]) {
    const body = padded(size - rest);
    assert.equal(body.length, size + 5);
    assert.equal((await call(t, bridge, body)).status, wanted);
  }
});

scene.test('56 sizes: 200,000 empty events, a request each, are taken in by the window', async (t) => {
  const stream = open(await connect(t, scene.bridge));
  stream.end(times(200000, textsOf('many', '')));
  assert.equal((await stream.result).status, status.OK);
  const topic = await scene.producer.getTopic('many');
  assert.equal(topic.events, 1000);
});

scene.test('53 half-close: a call of nothing is OK and makes nothing', async (t) => {
  assert.equal((await call(t, scene.bridge, Buffer.alloc(0))).status, status.OK);
});

scene.test('51 a producer that resets its call, or leaves, in the middle of a request ends nothing', async (t) => {
  const topic = 'cut';
  const half = textsOf(topic, 'never').subarray(0, 10);
  for (const leave of [(stream) => stream.close(8), (stream) => stream.session.destroy()]) {
    const stream = open(await connect(t, scene.bridge));
    stream.write(Buffer.concat([textsOf(topic, 'before'), half]));
    await until('its event', async () => (await scene.producer.getTopic(topic))?.producers === 1);
    leave(stream);
    await until('it to be gone', async () => (await scene.producer.getTopic(topic)).producers === 0);
  }
  assert.deepEqual(await scene.texts(topic), ['before', 'before', 'the next call', '[DONE]']);
});

// [what, an event, whether it is taken].
const EVENTS = [
  ['a retry of 2^31 ms', { retry: { seconds: 2147483, nanos: 648000000 } }, false],
  ['a retry of 2^63-1 seconds', { retry: { seconds: '9223372036854775807' } }, false],
  ['a retry with a negative rest', { retry: { seconds: 1, nanos: -1 } }, false],
  ['a retry of two billion nanoseconds', { retry: { nanos: 2000000000 } }, false],
  ['a retry of a day', { retry: { seconds: 86400 } }, true],
  ['a type with a next line, U+0085', { type: 'a\u0085b' }, false],
  ['a type with DEL', { type: 'a\u007fb' }, false],
  ['a type of 10 KiB', { type: 't'.repeat(10240) }, false],
  ['an id of 10 KiB', { id: 'i'.repeat(10240) }, false],
  ['an id with NUL', { id: 'a\0b' }, false],
  ['the type __proto__', { type: '__proto__' }, true],
  ['the type constructor', { type: 'constructor' }, true],
  ['the type message', { type: 'message' }, true],
  ['the type error', { type: 'error' }, true],
];

for (const [index, [what, odd, taken]] of EVENTS.entries()) {
  scene.test(`45-50 events: ${what} is ${taken ? 'taken' : 'refused'}`, async () => {
    const topic = `odd.${index}`;
    const request = { topic, events: [odd, { text: 'the next one' }], end: {} };
    if (!taken) {
      const error = await failure(scene.producer.batch(request));
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.equal(await scene.producer.getTopic(topic), undefined);
      return;
    }
    await scene.producer.batch(request);
    const [first, ...others] = await scene.events(topic);
    assert.equal(first.type, odd.type ?? 'message');
    assert.deepEqual(others.map(({ data }) => data), ['the next one', '[DONE]']);
  });
}

scene.close();
