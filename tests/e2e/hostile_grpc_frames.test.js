'use strict';

// HTTP/2 as no client should speak it, and other protocols: groups 64 and 65 of the table in tests/README.md.

const assert = require('node:assert/strict');
const net = require('node:net');
const { test } = require('node:test');
const { MARK } = require('./lib/hostile.js');
const {
  FLAG, Http2, PREFACE, TYPE, continuation, data, field, frame, headers, integer, ping, priority, request, reset, settings, string, uint32,
  windowUpdate,
} = require('./lib/http2.js');
const { textsOf } = require('./lib/http2_call.js');
const { useGrpcScene } = require('./lib/http2_scene.js');
const { PUBLISH } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const scene = useGrpcScene();

const FLOOD = 200000;
const STREAM = 1;
const NEXT = 1000001;  // a stream that no row uses

const opening = headers(STREAM, request(PUBLISH));
const nothing = Buffer.alloc(0);
const many = (count, make) => Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
const block = (...fields) => Buffer.concat([request(PUBLISH), ...fields]);

async function connect(t, options) {
  const client = new Http2(scene.bridge, options);
  t.after(() => client.close());
  await client.until("the server's settings", () => client.frames(TYPE.SETTINGS) > 0);
  return client;
}

// A call like any other.
function publish(client, topic) {
  client.send(headers(NEXT, request(PUBLISH)), data(NEXT, textsOf(topic, 'fine'), FLAG.END_STREAM));
}

// What may become of the connection.

const closes = {
  says: 'closes the connection',
  check: (client) => client.until('the connection to close', () => client.closed, 20000),
};

const goesOn = {
  says: 'is passed over',
  async check(client) {
    const topic = `next.${client.socket.localPort}`;
    publish(client, topic);
    await client.until('the next call to end', () => client.done.has(NEXT) || client.closed, 20000);
    assert.ok(!client.closed, 'closed');
    assert.equal((await scene.producer.getTopic(topic))?.events, 1);
  },
};

// Not what RFC 9113 says, but gRPC 1.51 takes it.
const either = {
  says: 'closes the connection or is passed over',
  async check(client) {
    publish(client, 'either');
    await client.until('the next call to end', () => client.done.has(NEXT) || client.closed, 20000);
  },
};

// [what, the frames, what becomes of them].
const ROWS = [
  ['DATA on stream 0', [data(0, Buffer.alloc(5))], either],
  ['DATA on a stream that was never opened', [data(7, Buffer.alloc(5))], either],
  ['DATA after the end of its stream', [opening, data(STREAM, nothing, FLAG.END_STREAM), data(STREAM, textsOf('t', MARK))], either],
  ['DATA beyond the window', [opening, many(200, () => data(STREAM, Buffer.alloc(16384)))], either],
  ['DATA with more padding than payload', [opening, data(STREAM, Buffer.from([200, 1, 2, 3]), FLAG.PADDED)], either],
  ['HEADERS on stream 0', [headers(0, request(PUBLISH))], either],
  ['HEADERS of length 0', [headers(STREAM, nothing)], either],
  ['HEADERS on an even stream', [headers(2, request(PUBLISH))], either],
  ['HEADERS on a stream below the last', [headers(5, request(PUBLISH)), headers(3, request(PUBLISH))], either],
  ['HEADERS on a stream that was reset', [opening, reset(STREAM), opening], either],
  ['HEADERS without END_HEADERS, then DATA', [headers(STREAM, request(PUBLISH), 0), data(STREAM, nothing)], closes],
  ['CONTINUATION of nothing', [continuation(STREAM, nothing, FLAG.END_HEADERS)], closes],
  ['CONTINUATION of another stream', [headers(STREAM, request(PUBLISH), 0), continuation(3, nothing, FLAG.END_HEADERS)], closes],
  ['trailers without END_STREAM', [opening, headers(STREAM, field('a', 'b'))], closes],
  ['trailers three times', [opening, many(3, () => headers(STREAM, field('a', 'b'), FLAG.END_HEADERS | FLAG.END_STREAM))], either],
  ['PUSH_PROMISE', [frame(TYPE.PUSH_PROMISE, FLAG.END_HEADERS, STREAM, Buffer.concat([uint32(2), request(PUBLISH)]))], either],
  ['PRIORITY on itself', [priority(3, 3)], either],
  ['PRIORITY of 3 bytes', [frame(TYPE.PRIORITY, 0, 3, Buffer.alloc(3))], either],
  ['RST_STREAM on stream 0', [reset(0)], either],
  ['RST_STREAM on a stream that was never opened', [reset(77)], either],
  ['RST_STREAM of 3 bytes', [opening, frame(TYPE.RST_STREAM, 0, STREAM, Buffer.alloc(3))], closes],
  ['SETTINGS of 5 bytes', [frame(TYPE.SETTINGS, 0, 0, Buffer.alloc(5))], closes],
  ['SETTINGS on a stream', [frame(TYPE.SETTINGS, 0, STREAM)], closes],
  ['SETTINGS that acknowledge with a payload', [frame(TYPE.SETTINGS, FLAG.ACK, 0, Buffer.alloc(6))], closes],
  ['a window of 2^31', [settings([4, 0x80000000])], closes],
  ['a largest frame of 0', [settings([5, 0])], closes],
  ['ENABLE_PUSH of 7', [settings([2, 7])], closes],
  ['a setting that nobody knows', [settings([0xffff, 7])], goesOn],
  ['a header table of 4 GiB', [settings([1, 0xffffffff])], goesOn],
  ['a header list of 0', [settings([6, 0])], goesOn],
  ['PING of 7 bytes', [frame(TYPE.PING, 0, 0, Buffer.alloc(7))], closes],
  ['PING on a stream', [frame(TYPE.PING, 0, STREAM, Buffer.alloc(8))], either],
  ['GOAWAY of 3 bytes', [frame(TYPE.GOAWAY, 0, 0, Buffer.alloc(3))], closes],
  ['WINDOW_UPDATE of 3 bytes', [frame(TYPE.WINDOW_UPDATE, 0, 0, Buffer.alloc(3))], closes],
  ['WINDOW_UPDATE by 0', [windowUpdate(0, 0)], closes],
  ['WINDOW_UPDATE by 0 on a stream', [opening, windowUpdate(STREAM, 0)], closes],
  ['WINDOW_UPDATE beyond 2^31', [windowUpdate(0, 0x7fffffff), windowUpdate(0, 0x7fffffff)], either],
  ['WINDOW_UPDATE beyond 2^31 on a stream', [opening, windowUpdate(STREAM, 0x7fffffff), windowUpdate(STREAM, 0x7fffffff)], either],
  ['a frame of 16 MiB', [frame(TYPE.DATA, 0, STREAM, Buffer.alloc(100), 0xffffff)], closes],
  ['a frame of a type that nobody knows', [frame(0xee, 0xff, STREAM, Buffer.alloc(1000))], goesOn],

  ['HPACK: an index beyond the table', [headers(STREAM, Buffer.from([0xe4]))], closes],
  ['HPACK: index 0', [headers(STREAM, Buffer.from([0x80]))], closes],
  ['HPACK: an integer beyond 32 bits', [headers(STREAM, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))], closes],
  ['HPACK: a table larger than allowed', [headers(STREAM, Buffer.concat([integer(2 ** 28, 5, 0x20), request(PUBLISH)]))], closes],
  ['HPACK: three sizes of the table', [headers(STREAM, Buffer.concat([Buffer.from([0x20, 0x20, 0x20]), request(PUBLISH)]))], closes],
  ['HPACK: a block cut short', [headers(STREAM, block(Buffer.from([0, 0x7f])))], closes],
  ['HPACK: a string longer than its block', [headers(STREAM, block(Buffer.from([0]), integer(2 ** 31, 7)))], closes],
  ['HPACK: Huffman codes that there are not', [headers(STREAM, block(Buffer.from([0, 0x84, 0xff, 0xff, 0xff, 0xff, 1, 0x61])))], either],
  ['HPACK: 20 KiB of fields', [headers(STREAM, block(field('a', 'x'.repeat(10000))), 0),
                               continuation(STREAM, field('b', 'x'.repeat(10000)), FLAG.END_HEADERS)], either],
  ['HPACK: a block that unfolds to 39 MB', [
    headers(STREAM, block(field('a', 'x'.repeat(3900), true), Buffer.alloc(10000, 0x80 | 62)))], closes],
  ['HPACK: 5,000 fields of length 0', [headers(STREAM, block(many(5000, () => field('', ''))))], closes],
  ['HPACK: a name in capitals', [headers(STREAM, block(field('X-A', 'b')))], either],
  ['HPACK: line breaks and NUL in a value', [headers(STREAM, block(field('x', `a\r\nb: ${MARK}\0`)))], either],
  ['HPACK: line breaks in the path', [headers(STREAM, request(`/a\r\n${MARK}`))], either],
  ['HPACK: two paths', [headers(STREAM, block(field(':path', '/a/b')))], either],
  ['HPACK: a pseudo-field that there is not', [headers(STREAM, block(field(':evil', MARK)))], either],
  ['HPACK: no path', [headers(STREAM, field(':method', 'POST'))], either],

  [`${FLOOD} empty DATA frames`, () => [opening, many(FLOOD, () => data(STREAM, nothing))], goesOn],
  [`${FLOOD} empty CONTINUATION frames`, () => [headers(STREAM, request(PUBLISH), 0), many(FLOOD, () => continuation(STREAM, nothing)),
                                               continuation(STREAM, nothing, FLAG.END_HEADERS)], either],
  [`${FLOOD} SETTINGS frames`, () => [many(FLOOD, () => settings([4, 65535]))], either],
  [`${FLOOD} WINDOW_UPDATE frames`, () => [opening, many(FLOOD, () => windowUpdate(STREAM, 1))], either],
  [`${FLOOD} PRIORITY frames`, () => [many(FLOOD, (index) => priority(2 * index + 1, Math.max(0, 2 * index - 1)))], either],
  [`${FLOOD} RST_STREAM frames`, () => [opening, many(FLOOD, () => reset(STREAM))], either],
  [`${FLOOD} frames of a type that nobody knows`, () => [many(FLOOD, () => frame(0xee, 0, 0))], either],
  [`${FLOOD / 100} frames of padding alone`, () => [
    opening, many(FLOOD / 100, () => data(STREAM, Buffer.alloc(100, 99), FLAG.PADDED))], either],
];

// Opened first and looked at last: gRPC gives them 10 s.
const SILENT = { 'nothing at all': nothing, 'half a preface': PREFACE.subarray(0, 10), 'a preface alone': PREFACE };
const silent = {};
scene.test('65 clients that say nothing connect', async () => {
  for (const [what, bytes] of Object.entries(SILENT)) {
    silent[what] = new Http2(scene.bridge, { preface: false });
    if (bytes.length > 0) silent[what].send(bytes);
  }
});

for (const [what, frames, outcome] of ROWS) {
  scene.test(`64 frames: ${what} ${outcome.says}`, async (t) => {
    const client = await connect(t);
    client.send(...(typeof frames === 'function' ? frames() : frames));
    await client.flushed();
    await outcome.check(client);
  });
}

scene.test('64 pings: 5,000 of them are told ENHANCE_YOUR_CALM', async (t) => {
  const client = await connect(t);
  client.send(many(5000, () => ping()));
  await client.until('the connection to close', () => client.closed, 20000);
  assert.deepEqual(client.goaway, { code: 11, text: 'too_many_pings' });
});

for (const [what, make] of [['SETTINGS', () => settings()], ['PING', () => ping()]]) {
  scene.test(`64 ${what} frames whose answers nobody reads take neither memory nor time without end`, async (t) => {
    const client = await connect(t);
    client.socket.pause();
    const flood = many(50000, make);
    for (let round = 0; round < 80 && !client.closed; ++round) client.send(flood);
    await scene.atRest();
  });
}

scene.test('64 a client that gives no window gets its answer when it gives one; its event is stored at once', async (t) => {
  const client = await connect(t);
  client.send(settings([4, 0]));
  publish(client, 'no.window');
  await until('its event', async () => (await scene.producer.getTopic('no.window'))?.events === 1);
  await scene.unharmed();
  assert.ok(!client.done.has(NEXT));
  client.send(settings([4, 65535]));
  await client.until('its answer', () => client.done.has(NEXT));
});

scene.test('64 fields without end, in 100 CONTINUATION frames, are taken or refused, and then forgotten', async (t) => {
  const client = await connect(t);
  client.send(headers(STREAM, request(PUBLISH), 0), many(100, (index) => continuation(STREAM, field(`x-${index}`, 'x'.repeat(16000)))));
  await client.flushed();
  await scene.unharmed();
  client.send(continuation(STREAM, nothing, FLAG.END_HEADERS));
  await either.check(client);
});

scene.test('64 a field of 1 MiB, in 64 CONTINUATION frames, is refused or closes the connection', async (t) => {
  const client = await connect(t);
  client.send(headers(STREAM, block(Buffer.from([0]), string('x'), integer(1 << 20, 7)), 0));
  client.send(many(64, () => continuation(STREAM, Buffer.alloc(16384, 'x'))), continuation(STREAM, nothing, FLAG.END_HEADERS));
  await client.until('the stream to end', () => client.done.has(STREAM) || client.closed, 20000);
});

scene.test('64 rapid reset: five bursts of 2,000 streams leave no work and no producer behind', async (t) => {
  const client = await connect(t);
  const topic = 'rapid';
  for (let burst = 0; burst < 5; ++burst) {
    client.send(many(2000, (index) => {
      const stream = 2 * (burst * 2000 + index) + 1;
      return Buffer.concat([headers(stream, request(PUBLISH)), data(stream, textsOf(topic, 'x')), reset(stream)]);
    }));
    await client.flushed();
    await scene.unharmed();
  }
  await scene.atRest();
  await until('all of them to be gone', async () => ((await scene.producer.getTopic(topic))?.producers ?? 0) === 0, 20000);
});

scene.test('51 a producer whose connection is reset in the middle of a request ends nothing', async (t) => {
  const client = await connect(t);
  const body = textsOf('cut', 'before');
  client.send(opening, data(STREAM, Buffer.concat([body, body.subarray(0, 5)])));
  await until('its event', async () => (await scene.producer.getTopic('cut'))?.producers === 1);
  client.socket.resetAndDestroy();
  await until('it to be gone', async () => (await scene.producer.getTopic('cut')).producers === 0);
  const { events, state } = await scene.producer.getTopic('cut');
  assert.deepEqual([events, state], [1, 'TOPIC_STATE_OPEN']);
});

const lines = (...all) => `${all.join('\r\n')}\r\n\r\n`;

const PROTOCOLS = {
  'HTTP/1.1': lines(`GET /${MARK} HTTP/1.1`, 'Host: h'),
  'gRPC-Web over HTTP/1.1': lines(`POST ${PUBLISH} HTTP/1.1`, 'Host: h', 'Content-Type: application/grpc-web', 'Content-Length: 5') + '\0'.repeat(5),
  'an upgrade to h2c': lines('GET / HTTP/1.1', 'Host: h', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
  TLS: Buffer.from('16030100c8010000c40303', 'hex'),
  SSH: `SSH-2.0-${MARK}\r\n`,
  zeros: Buffer.alloc(1 << 20),
  'random bytes': Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919 + 13) % 251)),
  'a preface, then HTTP/1.1': Buffer.concat([PREFACE, Buffer.from(`GET /${MARK} HTTP/1.1\r\n\r\n`)]),
  'a preface, then HEADERS': Buffer.concat([PREFACE, opening]),
};

for (const [what, bytes] of Object.entries(PROTOCOLS)) {
  scene.test(`65 other protocols: ${what} is closed at once`, async (t) => {
    const socket = net.connect(scene.bridge.grpcPort, '127.0.0.1');
    t.after(() => socket.destroy());
    let closed = false;
    socket.on('error', () => {}).on('close', () => { closed = true; }).resume();
    socket.write(bytes, 'latin1');
    await until('the connection to close', () => closed, 8000);
  });
}

scene.test('65 other protocols: 1,000 such clients write a few lines of the log at most', async () => {
  const before = scene.stderr.length;
  for (let round = 0; round < 10; ++round) {
    await Promise.all(Array.from({ length: 100 }, () => new Promise((resolve) => {
      const socket = net.connect(scene.bridge.grpcPort, '127.0.0.1');
      socket.on('error', () => {}).on('close', resolve).resume();
      socket.write(PROTOCOLS['HTTP/1.1']);
    })));
  }
  assert.ok(scene.stderr.slice(before).split('\n').length < 10, scene.stderr.slice(before));
});

for (const what of Object.keys(SILENT)) {
  scene.test(`65 clients that say ${what} are closed in time`, async () => {
    await until('the connection to close', () => silent[what].closed, 30000);
  });
}

scene.close();
