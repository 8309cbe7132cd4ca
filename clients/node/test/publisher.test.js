// The publisher against a bridge that is made up, so that each order of things can be had.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import grpc from '@grpc/grpc-js';
import { PublishError, Publisher } from '@sluice/publisher';
import { until } from '../../../tests/e2e/lib/until.js';
import { acknowledgeAll, ids, startFakeBridge, texts } from './lib/fake_bridge.js';

const { status } = grpc;

function publisherOf(t, bridge, options) {
  const abort = new AbortController();
  t.after(() => abort.abort());
  return new Publisher(bridge.target, { signal: abort.signal, ...options });
}

test('events that wait go together: of one topic, 64 or 256 KiB a request, an end as the last', async (t) => {
  const bridge = await startFakeBridge(t, acknowledgeAll);
  const publisher = publisherOf(t, bridge);
  for (let n = 0; n < 70; ++n) publisher.publish('a', String(n));
  publisher.publish('b', 'b');
  publisher.publish('a', 'again');
  publisher.end('a');
  publisher.publish('c', 'x'.repeat(200_000));
  publisher.publish('c', 'y'.repeat(200_000));
  const totals = await publisher.close();
  assert.deepEqual(bridge.calls[0].requests.map(({ topic, events, end }) => [topic, events.length, Boolean(end)]),
                   [['a', 64, false], ['a', 6, false], ['b', 1, false], ['a', 1, true], ['c', 1, false], ['c', 1, false]]);
  assert.deepEqual([totals.accepted, totals.duplicates], [74, 0]);
});

test('an event without an id gets one that is no cursor, and keeps its own otherwise', async (t) => {
  const bridge = await startFakeBridge(t, acknowledgeAll);
  const publisher = publisherOf(t, bridge);
  await publisher.publish('a', 'x');
  await publisher.publish('a', { text: 'y', id: 'mine' });
  await publisher.close();
  const [first, second] = ids(bridge.calls[0]);
  assert.match(first, /^[0-9a-f]{16}\.1$/);
  assert.equal(second, 'mine');
});

test('publish() waits for room, in order, and no longer than its signal', async (t) => {
  let call;
  const bridge = await startFakeBridge(t, (one) => { call = one; });
  const publisher = publisherOf(t, bridge, { maxBufferedEvents: 2 });
  const settled = [];
  for (const n of [0, 1, 2, 3]) publisher.publish('a', String(n)).then(() => settled.push(n));
  const abort = new AbortController();
  const given = publisher.publish('a', 'given up', { signal: abort.signal });
  publisher.publish('a', '4').then(() => settled.push(4));
  await until('the first request', () => call?.requests.length);
  assert.deepEqual(settled, [0, 1]);
  abort.abort(new Error('no longer'));
  await assert.rejects(given, /no longer/);
  acknowledgeAll(call);
  call.ack(1, 2);
  await publisher.flush();
  assert.deepEqual(settled, [0, 1, 2, 3, 4]);
  assert.deepEqual(texts(call), ['0', '1', '2', '3', '4']);
  await publisher.close();
});

test('an event that is larger than the buffer goes in when it is empty', async (t) => {
  const bridge = await startFakeBridge(t, acknowledgeAll);
  const publisher = publisherOf(t, bridge, { maxBufferedBytes: 100 });
  for (const size of [50, 500, 50]) await publisher.publish('a', 'x'.repeat(size));
  assert.equal((await publisher.close()).accepted, 3);
});

const broken = {
  'UNAVAILABLE': (call) => call.fail(status.UNAVAILABLE),
  'CANCELLED': (call) => call.fail(status.CANCELLED),
  'INTERNAL': (call) => call.fail(status.INTERNAL),
  'UNKNOWN': (call) => call.fail(status.UNKNOWN),
  'an OK that comes too early': (call) => call.end(),
};
for (const [name, breakOff] of Object.entries(broken)) {
  test(`after ${name} the next call resends what is not acknowledged, with the same ids and its topic`, async (t) => {
    const bridge = await startFakeBridge(t, (call, n) => {
      if (n > 0) return acknowledgeAll(call);
      call.heard = () => {
        if (call.requests.length === 1) call.ack(1, 1);
        if (call.requests.length === 3) breakOff(call);
      };
      return undefined;
    });
    const publisher = publisherOf(t, bridge);
    for (const n of [0, 1, 2]) {
      await publisher.publish('a', String(n));
      await until('the request', () => bridge.calls[0]?.requests.length === n + 1);
    }
    await publisher.end('a');
    const totals = await publisher.close();
    assert.deepEqual(texts(bridge.calls[1]), ['1', '2']);
    assert.deepEqual(ids(bridge.calls[1]), ids(bridge.calls[0]).slice(1));
    assert.equal(bridge.calls[1].requests[0].topic, 'a');
    assert.ok(bridge.calls[1].requests.at(-1).end);
    assert.deepEqual([totals.accepted, totals.duplicates], [3, 0]);
  });
}

test('it gives up without an acknowledgement, and says how many events are not acknowledged', async (t) => {
  const bridge = await startFakeBridge(t, (call) => call.fail(status.UNAVAILABLE, 'try again'));
  const publisher = publisherOf(t, bridge, { giveUpAfter: 500 });
  for (const n of [0, 1, 2]) await publisher.publish('a', String(n));
  await assert.rejects(publisher.flush(), (error) => {
    assert.ok(error instanceof PublishError);
    assert.equal(error.code, status.UNAVAILABLE);
    assert.equal(error.unacknowledged, 3);
    assert.match(error.message, /3 events were not acknowledged for 500 ms/);
    assert.match(error.cause.message, /try again/);
    return true;
  });
  assert.ok(bridge.calls.length > 1);
});

test('it gives up on a bridge that says nothing at all', async (t) => {
  const bridge = await startFakeBridge(t, () => {});
  const publisher = publisherOf(t, bridge, { giveUpAfter: 300 });
  await publisher.publish('a', 'x');
  await assert.rejects(publisher.close(), { code: status.UNAVAILABLE, unacknowledged: 1 });
});

test('a final error reaches whoever waits, and all later calls', async (t) => {
  const bridge = await startFakeBridge(t, (call) => {
    call.heard = () => call.fail(status.RESOURCE_EXHAUSTED, 'max_topics');
  });
  const publisher = publisherOf(t, bridge, { maxBufferedEvents: 1 });
  const feedback = publisher.feedback();
  const wanted = { name: 'PublishError', code: status.RESOURCE_EXHAUSTED, codeName: 'RESOURCE_EXHAUSTED', details: 'max_topics' };
  await publisher.publish('a', 'x');
  await Promise.all([
    assert.rejects(publisher.publish('a', 'waits for room'), wanted),
    assert.rejects(publisher.flush(), wanted),
    assert.rejects(feedback.next(), wanted),
  ]);
  await assert.rejects(publisher.publish('a', 'y'), wanted);
  await assert.rejects(publisher.end('a'), wanted);
  await assert.rejects(publisher.flush(), wanted);
  await assert.rejects(publisher.close(), wanted);
  assert.equal(bridge.calls.length, 1);
});

test('an abort cancels the call, and is the reason for all that waits', async (t) => {
  const bridge = await startFakeBridge(t, () => {});
  const abort = new AbortController();
  const publisher = new Publisher(bridge.target, { signal: abort.signal });
  await publisher.publish('a', 'x');
  await until('the call', () => bridge.calls.length);
  const flushed = assert.rejects(publisher.flush(), /enough/);
  const cancelled = new Promise((resolve) => { bridge.calls[0].on('cancelled', resolve); });
  abort.abort(new Error('enough'));
  await flushed;
  await cancelled;
  await assert.rejects(publisher.close(), /enough/);
});

test('each call asks for its metadata', async (t) => {
  const bridge = await startFakeBridge(t, (call, n) => (n ? acknowledgeAll(call) : call.fail(status.UNAVAILABLE)));
  let asked = 0;
  const metadata = async () => {
    if (++asked === 2) throw new Error('no token now');
    const made = new grpc.Metadata();
    made.set('authorization', `Bearer ${asked}`);
    return made;
  };
  const publisher = publisherOf(t, bridge, { metadata });
  await publisher.publish('a', 'x');
  await publisher.close();
  assert.deepEqual(bridge.calls.map((call) => call.metadata.get('authorization')), [['Bearer 1'], ['Bearer 3']]);
});

test('under onAbort, or with a listener, the next call names the topics that are not ended', async (t) => {
  for (const onAbort of ['fail', undefined]) {
    const bridge = await startFakeBridge(t, acknowledgeAll);
    const publisher = publisherOf(t, bridge, { onAbort });
    if (!onAbort) publisher.feedback();
    await publisher.publish('open', 'x');
    await publisher.publish('ended', 'x');
    await publisher.end('ended');
    await publisher.flush();
    bridge.calls[0].fail(status.UNAVAILABLE);
    await until('another call, though there is nothing to resend', () => bridge.calls[1]?.requests.length);
    assert.deepEqual(bridge.calls[1].requests.map(({ topic, events }) => [topic, events.length]), [['open', 0]]);
    assert.equal(bridge.calls[1].requests[0].onAbort, onAbort ? 2 : 0);
    await publisher.publish('open', 'y');
    assert.equal((await publisher.close()).accepted, 3);
  }
});

test('feedback that nobody takes is bounded, and its last word is right', async (t) => {
  let call;
  const bridge = await startFakeBridge(t, (one) => acknowledgeAll(call = one));
  const publisher = publisherOf(t, bridge);
  const feedback = publisher.feedback();
  await publisher.announce('a');
  await publisher.flush();
  for (const subscribers of [0, 1, 0, 2]) call.write({ interest: { topic: 'a', subscribers } });
  call.write({ stop: { topic: 'a', reason: 'bored' } });
  call.write({ stop: { topic: 'a', reason: 'very bored' } });
  await publisher.publish('a', 'what is acknowledged behind them');
  await publisher.close();
  const heard = [];
  for await (const item of feedback) heard.push(item);
  assert.deepEqual(heard, [{ kind: 'interest', topic: 'a', subscribers: 2 }, { kind: 'stop', topic: 'a', reason: 'very bored' }]);
});

test('close() is idempotent, and what comes after it is refused', async (t) => {
  const bridge = await startFakeBridge(t, acknowledgeAll);
  const publisher = publisherOf(t, bridge);
  await publisher.publish('a', 'x');
  assert.equal(await publisher.close(), await publisher.close());
  await assert.rejects(publisher.publish('a', 'y'), /closed/);
  const idle = publisherOf(t, bridge);
  assert.deepEqual(await idle.close(), { accepted: 0, duplicates: 0, lastCursor: '' });
  await publisher[Symbol.asyncDispose]();
});

test('an event with two payloads or without JSON is refused before it is sent', async (t) => {
  const publisher = publisherOf(t, await startFakeBridge(t, acknowledgeAll));
  await assert.rejects(publisher.publish('a', { text: 'x', json: 1 }), TypeError);
  await assert.rejects(publisher.publish('a', { json: 1n }), TypeError);
  await publisher.publish('a', { json: { at: new Date(0), gone: undefined, none: null } });
  await publisher.close();
});
