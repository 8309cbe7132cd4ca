// The publisher against a bridge, read back over SSE.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { PublishError, Publisher, publishOnce } from '@sluice/publisher';
import { useBridge } from '../../../tests/e2e/lib/bridge.js';
import { openStream } from '../../../tests/e2e/lib/raw.js';
import { until } from '../../../tests/e2e/lib/until.js';
import { read } from './lib/reader.js';

const { status } = grpc;
const bridge = useBridge('--retention_events=100000', '--retention_bytes=256MiB', '--heartbeat=1s', '--producer_grace=1s');

function publisherOf(t, options) {
  const abort = new AbortController();
  t.after(() => abort.abort());
  return new Publisher(bridge.grpc, { signal: abort.signal, ...options });
}

test('what is published is read back, with its end', async (t) => {
  const publisher = publisherOf(t);
  await publisher.publish('read.back', 'plain');
  await publisher.publish('read.back', { type: 'tick', json: { n: 1, at: new Date(0), gone: undefined }, id: 'mine', retry: 1500 });
  await publisher.publish('read.back', {
    message: { typeUrl: 'type.googleapis.com/google.protobuf.Duration', value: Uint8Array.of(8, 3) },
  });
  await publisher.end('read.back');
  const totals = await publisher.close();
  assert.deepEqual([totals.accepted, totals.duplicates], [3, 0]);
  const raw = await openStream(t, bridge, '/v1/topics/read.back/events');
  await raw.untilClosed();
  assert.deepEqual(raw.chunks.slice(1).join('').replace(/^id: [0-9a-f]{16}\.\d$/gm, 'id: made'), [
    'id: made\ndata: plain\n\n',
    'id: mine\nevent: tick\nretry: 1500\ndata: {"at":"1970-01-01T00:00:00.000Z","n":1}\n\n',
    'id: made\ndata: "3s"\n\n',
    `id: ${totals.lastCursor}\ndata: [DONE]\n\n`,
  ].join(''));
});

test('a failed topic tells its readers why', async (t) => {
  const publisher = publisherOf(t);
  await publisher.fail('failed', status.NOT_FOUND, 'no such thing');
  await publisher.close();
  const reader = read(t, bridge, 'failed');
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.events.map(({ type, data }) => [type, data]),
                   [['error', '{"code":"NOT_FOUND","message":"no such thing"}'], ['message', '[DONE]']]);
});

test('the producer hears of readers, and of a wish to stop', async (t) => {
  const publisher = publisherOf(t);
  const feedback = publisher.feedback();
  const next = async () => (await feedback.next()).value;
  await publisher.announce('heard');
  assert.deepEqual(await next(), { kind: 'interest', topic: 'heard', subscribers: 0 });
  const reader = read(t, bridge, 'heard');
  assert.deepEqual(await next(), { kind: 'interest', topic: 'heard', subscribers: 1 });
  await fetch(`${bridge.http}/v1/topics/heard/stop`, { method: 'POST', body: '{"reason":"enough"}' });
  assert.deepEqual(await next(), { kind: 'stop', topic: 'heard', reason: 'enough' });
  reader.close();
  assert.deepEqual(await next(), { kind: 'interest', topic: 'heard', subscribers: 0 });
  await publisher.close();
  assert.equal((await feedback.next()).done, true);
});

describe('stream()', () => {
  test('publishes what an iterable yields, and ends the topic', async (t) => {
    const publisher = publisherOf(t);
    const reader = read(t, bridge, 'stream.whole');
    assert.equal(await publisher.stream('stream.whole', ['a', { text: 'b', type: 'odd' }, 'c']), undefined);
    await reader.until('the end', () => reader.over);
    assert.deepEqual(reader.events.map(({ data }) => data), ['a', 'b', 'c', '[DONE]']);
    await publisher.close();
  });

  test('fails the topic with what the iterable throws, and throws it', async (t) => {
    const publisher = publisherOf(t);
    const thrown = Object.assign(new Error('model overloaded'), { code: status.RESOURCE_EXHAUSTED });
    for (const [topic, error, code] of [['stream.coded', thrown, 'RESOURCE_EXHAUSTED'], ['stream.plain', new Error('oops'), 'UNKNOWN']]) {
      await assert.rejects(publisher.stream(topic, async function* () {
        yield 'half';
        throw error;
      }), (caught) => caught === error);
      const reader = read(t, bridge, topic);
      await reader.until('the end', () => reader.over);
      assert.deepEqual(reader.events.map(({ data }) => data), ['half', `{"code":"${code}","message":"${error.message}"}`, '[DONE]']);
    }
    await publisher.close();
  });

  test('ends at a stop, whatever the source is waiting for, and completes the topic', async (t) => {
    const publisher = publisherOf(t);
    const reader = read(t, bridge, 'stream.stopped');
    let aborted;
    const streamed = publisher.stream('stream.stopped', async function* (signal) {
      signal.addEventListener('abort', () => { aborted = true; });
      yield 'first';
      await new Promise(() => {});
    });
    await reader.until('the first event', () => reader.events.length);
    await fetch(`${bridge.http}/v1/topics/stream.stopped/stop`, { method: 'POST', body: '{"reason":"seen enough"}' });
    assert.deepEqual(await streamed, { kind: 'stop', topic: 'stream.stopped', reason: 'seen enough' });
    assert.ok(aborted);
    await reader.until('the end', () => reader.over);
    assert.deepEqual(reader.events.map(({ data }) => data), ['first', '[DONE]']);
    await publisher.close();
  });

  test('goes on after a stop if it is not stoppable', async (t) => {
    const publisher = publisherOf(t);
    let go;
    const stopped = new Promise((resolve) => { go = resolve; });
    const reader = read(t, bridge, 'stream.on');
    const streamed = publisher.stream('stream.on', async function* () {
      yield 'first';
      await stopped;
      yield 'second';
    }, { stoppable: false });
    await reader.until('the first event', () => reader.events.length);
    await fetch(`${bridge.http}/v1/topics/stream.on/stop`, { method: 'POST' });
    go();
    assert.equal(await streamed, undefined);
    await reader.until('the end', () => reader.over);
    assert.deepEqual(reader.data, ['first', 'second']);
    await publisher.close();
  });
});

describe('errors', () => {
  test('INVALID_ARGUMENT names the field', async (t) => {
    const publisher = publisherOf(t);
    await publisher.publish('bad', 'good');
    await publisher.flush();
    await publisher.publish('bad', { text: 'x', type: 'open' });
    await assert.rejects(publisher.flush(), (error) => {
      assert.ok(error instanceof PublishError);
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.deepEqual(error.violations.map(({ field }) => field), ['requests[1].events[0].type']);
      assert.ok(error.violations[0].description);
      assert.deepEqual([error.accepted, error.unacknowledged], [1, 1]);
      return true;
    });
    await assert.rejects(publisher.publish('bad', 'more'), { code: status.INVALID_ARGUMENT });
  });

  test('FAILED_PRECONDITION: the topic has ended', async (t) => {
    await publishOnce(bridge.grpc, 'over', ['x'], { end: true });
    const publisher = publisherOf(t);
    await publisher.publish('over', 'late');
    await assert.rejects(publisher.close(), { code: status.FAILED_PRECONDITION, unacknowledged: 1 });
  });

  test('RESOURCE_EXHAUSTED: an event is too large', async (t) => {
    const publisher = publisherOf(t);
    await publisher.publish('large', 'x'.repeat(1024 * 1024 + 1));
    await assert.rejects(publisher.flush(), { code: status.RESOURCE_EXHAUSTED });
  });

  test('publishOnce() says what was wrong, and what was stored', async () => {
    await assert.rejects(publishOnce(bridge.grpc, 'once.bad', ['a', 'b', { text: '[DONE]' }]), (error) => {
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.equal(error.violations[0].field, 'requests[3].events[0].text');
      assert.equal(error.accepted, 2);
      return true;
    });
  });
});

describe('publishOnce()', () => {
  test('publishes an iterable in one call', async (t) => {
    const events = async function* () { for (let n = 0; n < 5000; ++n) yield { text: String(n), id: `n${n}` }; };
    const response = await publishOnce(bridge.grpc, 'once', events(), { end: true });
    assert.deepEqual([response.accepted, response.duplicates], [5000, 0]);
    assert.deepEqual((await publishOnce(bridge.grpc, 'once', [{ text: '7', id: 'n7' }])).duplicates, 1);
    const reader = read(t, bridge, 'once');
    await reader.until('the end', () => reader.over);
    assert.deepEqual(reader.data, Array.from({ length: 5000 }, (_, n) => String(n)));
  });

  test('ends a topic as failed, and one without events', async (t) => {
    await publishOnce(bridge.grpc, 'once.failed', [], { end: { code: 4, message: 'late' } });
    const reader = read(t, bridge, 'once.failed');
    await reader.until('the end', () => reader.over);
    assert.equal(reader.events[0].data, '{"code":"DEADLINE_EXCEEDED","message":"late"}');
  });

  test('stops at a deadline, a signal, or an iterable that throws', async () => {
    const silent = () => (async function* () { yield 'x'; await new Promise(() => {}); })();
    await assert.rejects(publishOnce(bridge.grpc, 'once.late', silent(), { deadline: new Date(Date.now() + 300) }),
                         { code: status.DEADLINE_EXCEEDED });
    await assert.rejects(publishOnce(bridge.grpc, 'once.late', silent(), { signal: AbortSignal.timeout(100) }), { name: 'TimeoutError' });
    await assert.rejects(publishOnce(bridge.grpc, 'once.late', (function* () { throw new RangeError('mine'); })()), RangeError);
  });
});

test('many events pass through a small buffer', async (t) => {
  const publisher = publisherOf(t, { maxBufferedEvents: 10 });
  for (let n = 0; n < 5000; ++n) await publisher.publish('small', String(n));
  await publisher.end('small');
  assert.equal((await publisher.close()).accepted, 5000);
  const reader = read(t, bridge, 'small');
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.data, Array.from({ length: 5000 }, (_, n) => String(n)));
});

test('under onAbort a topic fails when its producer is gone', async (t) => {
  const own = new AbortController();
  const publisher = new Publisher(bridge.grpc, { onAbort: 'fail', signal: own.signal });
  await publisher.publish('lost', 'x');
  await publisher.flush();
  const reader = read(t, bridge, 'lost');
  await reader.until('the event', () => reader.events.length);
  own.abort();
  await reader.until('the failed end', (events) => events.some(({ type }) => type === 'error'));
});

test('every vector comes out byte for byte', async (t) => {
  const vectors = JSON.parse(fs.readFileSync(new URL('../../../tests/vectors/events.json', import.meta.url)));
  assert.ok(vectors.length > 0);
  const publisher = publisherOf(t);
  // proto3's JSON of an event is the input of publish(), but for the duration.
  for (const { event: { retry, ...event } } of vectors) {
    await publisher.publish('vectors', { ...event, retry: retry && Number.parseFloat(retry) * 1000 });
  }
  await publisher.end('vectors');
  await publisher.close();
  const raw = await openStream(t, bridge, '/v1/topics/vectors/events');
  await raw.untilClosed();
  const frames = raw.text.slice(raw.text.indexOf('id: ')).split(/(?<=\n\n)(?=id: )/);
  for (const [n, { name, frame }] of vectors.entries()) assert.equal(frames[n], frame, name);
  assert.equal(frames.length, vectors.length + 1);
});
