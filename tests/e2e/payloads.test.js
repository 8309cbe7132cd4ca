'use strict';

// Messages and JSON values reach readers as protobuf's canonical JSON: what three languages, each with a library of its own,
// make of the same bytes.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { create, fromBinary, toBinary } = require('@bufbuild/protobuf');
const { Bridge } = require('./lib/bridge.js');
const { MESSAGES, VALUES } = require('./lib/payload_rows.js');
const { ROOT } = require('./lib/process.js');
const { PUBLISH, PUBLISH_BATCH, PUBLISH_WITH_FEEDBACK, Producer, failure, status, violations } = require('./lib/producer.js');
const { openStream } = require('./lib/raw.js');
const { decode } = require('./lib/readers.js');
const { descriptorSet, inGo, inNode, inPython, registryOf } = require('./lib/renderers.js');

const PREFIX = 'type.googleapis.com/';

let folder, set, contract, bridge, producer;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-payloads-'));
  set = await descriptorSet(path.join(folder, 'tests.pb'), path.join(ROOT, 'tests/protos'), 'payloads.proto', 'legacy.proto');
  contract = registryOf(await descriptorSet(path.join(folder, 'sluice.pb'), path.join(ROOT, 'protos'), 'sluice/v1/publisher_service.proto'));
  bridge = await new Bridge().start(`--descriptor_set=${set}`);
  producer = new Producer(bridge);
});

after(async () => {
  producer?.close();
  await bridge?.stop();
  fs.rmSync(folder, { recursive: true });
});

const hex = (text) => Buffer.from(text.replaceAll(' ', ''), 'hex');

// The bytes of a request with these payloads, one an event.
function request(topic, payloads, end) {
  const schema = contract.getMessage('sluice.v1.PublishBatchRequest');
  return Buffer.from(toBinary(schema, create(schema, { topic, events: payloads.map((payload) => ({ payload })), end })));
}

const any = (name, value, prefix = PREFIX) => ({ case: 'message', value: { typeUrl: `${prefix}${name}`, value } });
const json = (bytes) => ({ case: 'json', value: valueOf(bytes) });

function valueOf(bytes) {
  return fromBinary(contract.getMessage('google.protobuf.Value'), bytes);
}

// What a reader of a topic that has ended gets as data, the end left out.
async function received(t, topic) {
  const raw = await openStream(t, bridge, `/v1/topics/${topic}/events`);
  await raw.untilClosed(20000);
  const events = decode(Buffer.concat(raw.chunks.map((chunk) => Buffer.from(chunk))).toString());
  assert.equal(events.pop().data, '[DONE]');
  return events.map(({ data }) => data);
}

// Where only the nearest float counts.
const rounded = (text) => JSON.parse(text, (_, value) => (typeof value === 'number' ? Math.fround(value) : value));

// Publishes each row, has it rendered everywhere, and compares. rows: [[name, type, source, expected, options]].
async function compare(t, topic, rows, payloadOf) {
  const python = await inPython(set, rows.map(([, type, source]) => (
      typeof source === 'string' ? { type, text: source } : { type, bytes: hex(source.hex).toString('base64') })));
  const messages = rows.map(([, type], i) => ({ type, bytes: python[i].bytes }));
  const go = await inGo(set, messages);
  const node = inNode(set, messages);
  await producer.raw(PUBLISH_BATCH, request(topic, messages.map(payloadOf), {}));
  const data = await received(t, topic);
  assert.equal(data.length, rows.length);
  for (const [i, [name, , , expected, options]] of rows.entries()) {
    await t.test(name, () => {
      const parse = options?.single ? rounded : JSON.parse;
      const wanted = options?.single ? rounded(JSON.stringify(expected)) : expected;
      assert.deepEqual(parse(data[i]), wanted, `the bridge: ${data[i]}`);
      assert.deepEqual(parse(python[i].json), wanted, `Python: ${python[i].json}`);
      assert.deepEqual(parse(go[i]), wanted, `Go: ${go[i]}`);
      assert.deepEqual(options?.single ? rounded(JSON.stringify(node[i])) : node[i], wanted, `Node.js: ${JSON.stringify(node[i])}`);
      assert.doesNotMatch(data[i], /[\r\n]/);
    });
  }
}

test('a message is the JSON that Python, Go and Node.js make of it', async (t) => {
  const rows = MESSAGES.map(([name, type, ...rest]) => [name, `sluice.test.${type}`, ...rest]);
  await compare(t, 'messages', rows, ({ type, bytes }) => any(type, Buffer.from(bytes, 'base64')));
});

test('a JSON value is the JSON that Python, Go and Node.js make of it', async (t) => {
  const rows = VALUES.map(([name, source, expected]) => [name, 'google.protobuf.Value', source, expected]);
  await compare(t, 'values', rows, ({ bytes }) => json(Buffer.from(bytes, 'base64')));
});

test('a JSON value in a message is the same text as one that is published as JSON', async (t) => {
  const rows = VALUES.map(([, text]) => ({ type: 'google.protobuf.Value', text }));
  const bytes = (await inPython(set, rows)).map((row) => Buffer.from(row.bytes, 'base64'));
  const topic = 'value.in.message';
  await producer.raw(PUBLISH_BATCH, request(topic, bytes.flatMap((value) => [any('google.protobuf.Value', value), json(value)]), {}));
  const data = await received(t, topic);
  for (let i = 0; i < data.length; i += 2) assert.deepEqual(JSON.parse(data[i]), JSON.parse(data[i + 1]));
});

test('the three publishing methods take messages, whatever stands before the last slash of the type', async (t) => {
  for (const [i, method] of [PUBLISH, PUBLISH_BATCH, PUBLISH_WITH_FEEDBACK].entries()) {
    const payloads = ['', '/', PREFIX, 'example.org/a/b/', '////'].map((prefix) => any('sluice.test.Tree', hex('0a0161'), prefix));
    await producer.raw(method, request(`methods.${i}`, payloads, {}));
    assert.deepEqual(await received(t, `methods.${i}`), payloads.map(() => '{"name":"a"}'));
  }
});

for (const [name, payload, type] of [
  ['of a type that is not in the set', () => any('shop.v1.Order', hex('')), 'shop.v1.Order'],
  ['without a type', () => any('', hex('0801')), ''],
  ['that is cut off', () => any('sluice.test.Tree', hex('0a05 61')), 'sluice.test.Tree'],
  ['with text that is not UTF-8', () => any('sluice.test.Tree', hex('0a01ff')), 'sluice.test.Tree'],
  ['of the older syntax with text that is not UTF-8', () => any('sluice.test.Legacy', hex('0801 1201ff')), 'sluice.test.Legacy'],
  ['without a required field', () => any('sluice.test.Legacy', hex('')), 'sluice.test.Legacy'],
  ['with an Any of a type that is not in the set', () => any('sluice.test.WellKnown', hex('3207 0a05 782f612e42')), 'a.B'],
  ['with an Any whose bytes are not of its type', () => any('google.protobuf.Any', hex('0a12 782f736c756963652e746573742e54726565 1201ff')), 'sluice.test.Tree'],
  ['with a time that RFC 3339 has not', () => any('google.protobuf.Timestamp', hex('08ffffffffffffffff7f')), 'google.protobuf.Timestamp'],
  ['with a JSON value of no kind', () => any('sluice.test.WellKnown', hex('2200')), 'google.protobuf.Value'],
]) {
  test(`a message ${name} is refused, with its field and type`, async () => {
    const good = any('sluice.test.Tree', hex(''));
    const error = await failure(producer.raw(PUBLISH_BATCH, request('refused', [good, payload()])));
    assert.equal(error.code, status.INVALID_ARGUMENT, error.message);
    assert.match(error.details, /^requests\[0\]\.events\[1\]\.message: /);
    assert.ok(error.details.includes(`\`${type}\``), error.details);
    assert.deepEqual(violations(error).map(({ field }) => field), ['requests[0].events[1].message']);
  });
}

test('a message whose JSON is larger than max_event_bytes is RESOURCE_EXHAUSTED, however small its bytes', async () => {
  // Each byte is six characters as JSON.
  const bytes = Buffer.concat([hex('0a80c00c'), Buffer.alloc(200 << 10, 1)]);
  const error = await failure(producer.raw(PUBLISH_BATCH, request('large', [any('sluice.test.Tree', bytes)])));
  assert.equal(error.code, status.RESOURCE_EXHAUSTED, error.message);
  assert.match(error.details, /requests\[0\]\.events\[0\].*max_event_bytes/);
});

test('messages that nest without end are refused, and the bridge goes on', async (t) => {
  const varint = (number) => (number < 128 ? [number] : [(number & 127) | 128, ...varint(number >>> 7)]);
  const wrap = (tag, bytes) => Buffer.concat([Buffer.from([tag, ...varint(bytes.length)]), bytes]);
  let tree = Buffer.alloc(0);
  for (let i = 0; i < 20000; ++i) tree = wrap(0x12, tree);
  let anys = Buffer.alloc(0);
  const url = wrap(0x0a, Buffer.from('/google.protobuf.Any'));
  for (let i = 0; i < 5000; ++i) anys = Buffer.concat([url, wrap(0x12, anys)]);
  for (const deep of [any('sluice.test.Tree', tree), any('google.protobuf.Any', anys)]) {
    const error = await failure(producer.raw(PUBLISH_BATCH, request('deep', [deep])));
    assert.equal(error.code, status.INVALID_ARGUMENT, error.message);
    assert.match(error.details, /requests\[0\]\.events\[0\]\.message: .*nests/);
  }
  await producer.raw(PUBLISH_BATCH, request('after', [any('sluice.test.Tree', hex('0a0161'))], {}));
  assert.deepEqual(await received(t, 'after'), ['{"name":"a"}']);
});
