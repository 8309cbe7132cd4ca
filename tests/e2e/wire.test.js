'use strict';

// Byte for byte, as a browser asks for it: its Accept-Encoding and all its other fields.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { useProducer, value } = require('./lib/producer.js');
const { Raw, exchange, openStream } = require('./lib/raw.js');

const bridge = useBridge();
const producer = useProducer(bridge);

const frames = (raw) => raw.chunks.filter((chunk) => /^(id|event|data):/.test(chunk));
const cursorAt = (cursor, step) => {
  const [epoch, offset] = cursor.split('-');
  return `${epoch}-${Number(offset) + step}`;
};

test("a browser's full set of fields gets the exact head and a readable, uncompressed body", async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.head/events');
  assert.equal(raw.head.line, 'HTTP/1.1 200 OK');
  assert.deepEqual([...raw.head.lines].sort(), [
    'Cache-Control: no-cache, no-transform',
    'Connection: close',
    'Content-Type: text/event-stream; charset=utf-8',
    'Transfer-Encoding: chunked',
    'Vary: Origin',
    'X-Accel-Buffering: no',
  ]);
  await producer.batch({ topic: 'wire.head', events: [{ text: 'readable' }] });
  await raw.until('the event', () => raw.text.includes('data: readable\n\n'));
});

test('a stream opens with one retry line and one comment line, and no blank line after either', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.opening/events');
  await producer.batch({ topic: 'wire.opening', events: [{ text: 'x' }] });
  await raw.until('an event', () => frames(raw).length === 1);
  const opening = raw.text.slice(0, raw.text.indexOf('id: '));
  assert.match(opening, /^retry: 2000\n:[^\r\n]*\n$/);
});

test('the opening comes at once, before there is any event', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.quiet/events');
  assert.match(raw.text, /^retry: 2000\n:[^\r\n]*\n$/);
});

test('a frame is id, event, retry, data, with one space after each colon, in one chunk of its own', async (t) => {
  const { lastCursor } = await producer.publish(
      { topic: 'wire.frames', events: [{ text: 'plain' }] },
      { events: [{ id: 'my.id', type: 'my type', text: 'a\nb', retry: { seconds: 3, nanos: 500000000 } }] },
      { events: [{ json: value({ a: 'one\nline' }) }] },
      { events: [{}] });
  const raw = await openStream(t, bridge, '/v1/topics/wire.frames/events');
  await raw.until('four frames', () => frames(raw).length === 4);
  assert.deepEqual(frames(raw), [
    `id: ${cursorAt(lastCursor, -3)}\ndata: plain\n\n`,
    'id: my.id\nevent: my type\nretry: 3500\ndata: a\ndata: b\n\n',
    `id: ${cursorAt(lastCursor, -1)}\ndata: {"a":"one\\nline"}\n\n`,
    `id: ${lastCursor}\ndata: \n\n`,
  ]);
});

test('a heartbeat is one line, without a blank line after it', async (t) => {
  const quick = await startBridge(t, '--heartbeat=1s');
  const raw = await openStream(t, quick, '/v1/topics/wire.heartbeat/events');
  await raw.until('two heartbeats', () => raw.chunks.filter((chunk) => chunk === ': heartbeat\n').length === 2);
  assert.match(raw.text, /^retry: 2000\n:[^\n]*\n: heartbeat\n: heartbeat\n$/);
});

test('heartbeat=1 in the query is understood, and a number that is none is 400', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.heartbeat2/events?heartbeat=1');
  await raw.until('a heartbeat', () => raw.chunks.includes(': heartbeat\n'));
  const bad = await exchange(t, bridge, 'GET /v1/topics/wire.heartbeat2/events?heartbeat=often HTTP/1.1');
  assert.equal(bad.head.status, 400);
});

test('a completed end is its id, [DONE], the last chunk, and the close', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.completed/events');
  const { lastCursor } = await producer.publish({ topic: 'wire.completed', events: [{ text: 'x' }] }, { end: {} });
  await raw.untilClosed();
  assert.equal(raw.chunks.at(-1), `id: ${lastCursor}\ndata: [DONE]\n\n`);
  assert.ok(raw.chunked.last, 'the last chunk came');
  assert.equal(raw.chunked.rest.length, 0);
  assert.ok(raw.bytes.toString('latin1').endsWith('\r\n0\r\n\r\n'));
  assert.ok(raw.ended, 'closed in an orderly way');
});

test('a failed end is one chunk of two events, then the last chunk', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.failed/events');
  const { lastCursor } = await producer.publish(
      { topic: 'wire.failed', events: [{ text: 'x' }] }, { end: { error: { code: 8, message: 'out of "paper"\n' } } });
  await raw.untilClosed();
  const [before, error, done] = /^id: (.*)\nevent: error\ndata: (.*)\n\n(id: .*\ndata: \[DONE\]\n\n)$/.exec(raw.chunks.at(-1)).slice(1);
  assert.equal(before, cursorAt(lastCursor, -1), 'the id before the end: a cut leaves no reader at the end without the error');
  assert.deepEqual(JSON.parse(error), { code: 'RESOURCE_EXHAUSTED', message: 'out of "paper"\n' });
  assert.equal(done, `id: ${lastCursor}\ndata: [DONE]\n\n`);
  assert.ok(raw.chunked.last, 'the last chunk came');
});

test('a stream that is opened after a failed end tells the error as well', async (t) => {
  await producer.batch({ topic: 'wire.failed2', events: [{ text: 'x' }], end: { error: { code: 13, message: 'broke' } } });
  const raw = await openStream(t, bridge, '/v1/topics/wire.failed2/events');
  await raw.untilClosed();
  assert.match(raw.text, /data: x\n\nid: .*\nevent: error\ndata: \{"code":"INTERNAL","message":"broke"\}\n\nid: .*\ndata: \[DONE\]\n\n$/);
  assert.ok(raw.chunked.last);
});

test('an HTTP/1.0 reader gets the same text without chunks', async (t) => {
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  await producer.publish({ topic: 'wire.old', events: [{ text: 'old' }] }, { end: {} });
  raw.send('GET /v1/topics/wire.old/events HTTP/1.0', 'Accept: */*');
  await raw.untilClosed();
  assert.equal(raw.head.status, 200);
  assert.equal(raw.head.fields['transfer-encoding'], undefined);
  assert.match(raw.body.toString(), /^retry: 2000\n:[^\n]*\nid: .*\ndata: old\n\nid: .*\ndata: \[DONE\]\n\n$/);
});

test('events published together to a waiting stream come as whole frames, a chunk each', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/wire.batch/events');
  const events = Array.from({ length: 500 }, (_, index) => ({ text: `${index}` }));
  await producer.batch({ topic: 'wire.batch', events });
  await raw.until('all of them', () => frames(raw).length === 500);
  assert.ok(frames(raw).every((chunk, index) => new RegExp(`^id: \\S+\\ndata: ${index}\\n\\n$`).test(chunk)));
});
