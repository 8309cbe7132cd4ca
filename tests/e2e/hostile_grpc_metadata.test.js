'use strict';

// Metadata, deadlines and calls that are none: groups 61, 62, 65 and 66 of the table in tests/README.md.

const assert = require('node:assert/strict');
const { MARK } = require('./lib/hostile.js');
const { call, connect, open, textsOf } = require('./lib/http2_call.js');
const { useGrpcScene } = require('./lib/http2_scene.js');
const { PUBLISH, PUBLISH_BATCH, status } = require('./lib/producer.js');

const scene = useGrpcScene();

let topics = 0;

// A call that publishes one event to a topic of its own.
async function publish(t, options) {
  const topic = `metadata.${++topics}`;
  const result = await call(t, scene.bridge, textsOf(topic, 'x'), options);
  return { ...result, events: (await scene.producer.getTopic(topic))?.events ?? 0 };
}

const long = (bytes) => MARK.repeat(Math.ceil(bytes / MARK.length)).slice(0, bytes);
const fields = (count, bytes) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, long(bytes)]));

// [what, fields, status]. Nothing of a call that is refused is stored.
const METADATA = [
  ['15 KiB', { x: long(15 << 10) }, status.OK],
  ['17 KiB', { x: long(17 << 10) }, status.RESOURCE_EXHAUSTED],
  ['100 KiB', { x: long(100 << 10) }, status.RESOURCE_EXHAUSTED],
  ['100 KiB in 100 fields', fields(100, 1 << 10), status.RESOURCE_EXHAUSTED],
  ['500 KiB', { x: long(500 << 10) }, status.RESOURCE_EXHAUSTED],
  ['2,000 empty fields', fields(2000, 0), status.RESOURCE_EXHAUSTED],
  ['a binary field', { 'x-bin': 'AAEC/w==' }, status.OK],
  ['a binary field without its padding', { 'x-bin': 'AAEC/w' }, status.OK],
  ['a binary field that is no base64', { 'x-bin': `!${MARK}!` }, status.UNAVAILABLE],
  ['a binary field of one character', { 'x-bin': 'A' }, status.UNAVAILABLE],
  ['an error that is no base64', { 'grpc-status-details-bin': '%%%' }, status.UNAVAILABLE],
  ['a trace that is no base64', { 'grpc-trace-bin': '~~~' }, status.UNAVAILABLE],
  ['a trace that is none', { 'grpc-trace-bin': 'AAEC' }, status.OK],
  ['values beyond ASCII', { x: 'h\xf6stil \xff\xfe' }, status.OK],
  ['authorization that nobody asked for', { authorization: `Basic ${MARK}` }, status.OK],
  ['a field twice', { x: [MARK, MARK] }, status.OK],
  ['a user agent that a terminal obeys', { 'user-agent': `\x1b[31m${MARK}` }, status.OK],
  ['a status of its own', { 'grpc-status': '0', 'grpc-message': MARK }, status.OK],
];

for (const [what, extra, wanted] of METADATA) {
  scene.test(`61 metadata: ${what} is ${status[wanted]}`, async (t) => {
    const { status: got, message = '', events, ...rest } = await publish(t, { fields: extra });
    assert.equal(got, wanted, JSON.stringify({ message, ...rest }));
    assert.equal(events, wanted === status.OK ? 1 : 0);
    assert.ok(!message.includes(MARK), message);
  });
}

// [what, grpc-timeout, whether it is one]. What is none counts as no deadline.
const DEADLINES = [
  ['no time', '0n', true],
  ['no seconds', '0S', true],
  ['a nanosecond', '1n', true],
  ['a microsecond', '1u', true],
  ['a millisecond', '1m', true],
  ['99,999,999 hours', '99999999H', false],
  ['a negative one', '-1S', false],
  ['a word', MARK, false],
  ['nothing', '', false],
  ['a number alone', '5', false],
  ['a unit that there is not', '5X', false],
  ['nine digits', '999999999S', false],
];

for (const [what, timeout, short] of DEADLINES) {
  for (const path of [PUBLISH, PUBLISH_BATCH]) {
    const says = short ? 'is DEADLINE_EXCEEDED, or met; the request is stored whole or not at all' : 'is no limit';
    scene.test(`62 deadlines: ${what} (${path.split('/')[2]}) ${says}`, async (t) => {
      const topic = `deadline.${++topics}`;
      const texts = Array.from({ length: 100 }, (_, index) => `${index}`);
      const result = await call(t, scene.bridge, textsOf(topic, ...texts), { path, fields: { 'grpc-timeout': timeout } });
      const events = (await scene.producer.getTopic(topic))?.events ?? 0;
      if (!short || result.status === status.OK) {
        assert.equal(result.status, status.OK, result.message);
        assert.equal(events, 100);
      } else {
        assert.equal(result.status, status.DEADLINE_EXCEEDED, result.message);
        assert.ok(events === 0 || events === 100, `${events} events`);
      }
    });
  }
}

scene.test('62 deadlines: a call that is open at its deadline keeps what it has stored, and ends nothing', async (t) => {
  const stream = open(await connect(t, scene.bridge), { fields: { 'grpc-timeout': '300m' } });
  stream.write(textsOf('late', 'before'));
  assert.equal((await stream.result).status, status.DEADLINE_EXCEEDED);
  assert.deepEqual(await scene.texts('late'), ['before', 'the next call', '[DONE]']);
});

// [what, fields, path, status].
const CALLS = [
  ['GET', { ':method': 'GET' }, PUBLISH, status.UNKNOWN],
  ['PUT', { ':method': 'PUT' }, PUBLISH, status.UNKNOWN],
  ['no te', { te: undefined }, PUBLISH, status.UNKNOWN],
  ['a scheme that there is not', { ':scheme': 'ftp' }, PUBLISH, status.UNKNOWN],
  ['a method that there is not', {}, '/sluice.v1.PublisherService/Nothing', status.UNIMPLEMENTED],
  ['a service that there is not', {}, `/${MARK}.Service/Method`, status.UNIMPLEMENTED],
  ['an empty path', {}, '/', status.UNIMPLEMENTED],
  ['a path of 8 KiB', {}, `/${long(8000)}`, status.UNIMPLEMENTED],
  ['a path with a query', {}, `${PUBLISH}?${MARK}`, status.UNIMPLEMENTED],
  ['a path with dots', {}, `/x/..${PUBLISH}`, status.UNIMPLEMENTED],
  ['an admin service', {}, '/grpc.channelz.v1.Channelz/GetServers', status.UNIMPLEMENTED],
  ['another content type', { 'content-type': 'text/plain' }, PUBLISH, status.OK],
  ['no content type', { 'content-type': undefined }, PUBLISH, status.OK],
];

for (const [what, extra, path, wanted] of CALLS) {
  scene.test(`65 calls: ${what} is ${status[wanted]}`, async (t) => {
    const result = await publish(t, { fields: extra, path });
    assert.equal(result.http, 200);
    assert.equal(result.status, wanted, result.message);
    assert.equal(result.events, wanted === status.OK ? 1 : 0);
    assert.ok(!(result.message ?? '').includes(MARK), result.message);
  });
}

scene.test('65 calls: 2,000 with metadata that cannot be read write a few lines of the log, and nothing of it', async (t) => {
  const session = await connect(t, scene.bridge);
  const before = scene.stderr.length;
  const topic = 'unreadable';
  for (let round = 0; round < 20; ++round) {
    await Promise.all(Array.from({ length: 100 }, () => {
      const stream = open(session, { fields: { 'grpc-timeout': MARK, 'grpc-encoding': MARK, 'content-type': MARK } });
      stream.end(textsOf(topic, 'x'));
      return stream.result;
    }));
  }
  assert.equal((await scene.producer.getTopic(topic)).events, 1000);
  const lines = scene.stderr.slice(before).split('\n');
  assert.ok(lines.length < 30, `${lines.length} lines`);
});

scene.close();
