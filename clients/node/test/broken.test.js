// Connections that are cut, a bridge that is killed, a bridge that is slow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Publisher } from '@sluice/publisher';
import { startBridge } from '../../../tests/e2e/lib/bridge.js';
import { random } from '../../../tests/e2e/lib/proxy.js';
import { until } from '../../../tests/e2e/lib/until.js';
import { Reader, read } from './lib/reader.js';
import { startTcpProxy } from './lib/tcp_proxy.js';

const KEEP = ['--retention_events=1000000', '--retention_bytes=256MiB', '--heartbeat=1s', '--retry=100ms'];
const SEED = process.env.SLUICE_SEED ?? String(Math.floor(Math.random() * 2 ** 31));

function publisherOf(t, target, options) {
  const abort = new AbortController();
  t.after(() => abort.abort());
  return new Publisher(target, { signal: abort.signal, ...options });
}
const numbers = (count, from = 0) => Array.from({ length: count }, (_, n) => String(from + n));

test('connections that are cut anywhere lose nothing and double nothing', async (t) => {
  t.diagnostic(`SLUICE_SEED=${SEED}`);
  const below = random(SEED, 'cuts');
  const bridge = await startBridge(t, ...KEEP);
  const proxy = await startTcpProxy(t, bridge.grpcPort);
  // Behind the settings of HTTP/2, so that every place of the acknowledgements may be the one.
  proxy.limit = (n) => (n < 12 ? 60 + below(3000) : undefined);
  const publisher = publisherOf(t, proxy.target, { maxBufferedEvents: 300 });
  const count = 8000;
  for (const number of numbers(count)) await publisher.publish('cut', number);
  await publisher.end('cut');
  const totals = await publisher.close();
  assert.equal(totals.accepted + totals.duplicates, count);
  assert.ok(proxy.connections > 5, `${proxy.connections} connections`);
  const reader = read(t, bridge, 'cut');
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.data, numbers(count));
});

test('connections that are cut from outside in mid-stream lose nothing and double nothing', async (t) => {
  const bridge = await startBridge(t, ...KEEP);
  const proxy = await startTcpProxy(t, bridge.grpcPort);
  const publisher = publisherOf(t, proxy.target, { maxBufferedEvents: 100 });
  const reader = read(t, bridge, 'cut');
  for (let round = 0; round < 8; ++round) {
    for (const number of numbers(400, round * 400)) await publisher.publish('cut', number);
    proxy.cut();
  }
  await publisher.end('cut');
  const totals = await publisher.close();
  assert.equal(totals.accepted + totals.duplicates, 3200);
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.data, numbers(3200));
});

test('a bridge that is killed and started again gets everything that was not acknowledged, once', async (t) => {
  const first = await startBridge(t, ...KEEP);
  const ports = [`--grpc_listen=127.0.0.1:${first.grpcPort}`, `--http_listen=127.0.0.1:${first.port}`];
  const publisher = publisherOf(t, first.grpc, { maxBufferedEvents: 50 });
  // A stream of several topics goes by cursors, which name their log; on one of a single topic it goes by the producer's ids.
  const reader = new Reader(`${first.http}/v1/events?topic=again`);
  t.after(() => reader.close());
  let published = 0;
  let stop = false;
  const publishing = (async () => {
    while (!stop) await publisher.publish('again', String(published++));
  })();
  await reader.until('events before', (events) => events.length > 200);

  const { child } = first;
  first.child = undefined;
  await child.stop('SIGKILL');
  const stuck = published;
  const second = await startBridge(t, ...KEEP, ...ports);
  await reader.until('events after the gap', (events) => {
    const gap = events.findIndex(({ type }) => type === 'sluice.gap');
    return gap >= 0 && events.length > gap + 200;
  });
  stop = true;
  await publishing;
  await publisher.end('again');
  const totals = await publisher.close();
  assert.equal(totals.accepted + totals.duplicates, published);
  await reader.until('the end', () => reader.over);

  const gaps = reader.events.filter(({ type }) => type === 'sluice.gap');
  assert.equal(gaps.length, 1);
  assert.equal(JSON.parse(gaps[0].data).reason, 'epoch_changed');
  const at = reader.events.indexOf(gaps[0]);
  const after = reader.events.slice(at + 1, -2).map(({ data }) => Number(data));  // then sluice.ended and [DONE]
  assert.deepEqual(after, Array.from({ length: published - after[0] }, (_, n) => after[0] + n), 'each once, in order');
  // What the reader had was stored, and it can't have missed more than was on its way to it or to be acknowledged.
  assert.ok(after[0] <= stuck);
  const late = read(t, second, 'again');
  await late.until('the end', () => late.over);
  assert.deepEqual(late.data.map(Number), after);
});

test('a bridge that takes nothing keeps the buffer bounded, and then gets all', async (t) => {
  const bridge = await startBridge(t, ...KEEP);
  const proxy = await startTcpProxy(t, bridge.grpcPort);
  const publisher = publisherOf(t, proxy.target, { maxBufferedBytes: 256 * 1024 });
  await publisher.publish('slow', 'first');
  await publisher.flush();
  proxy.pause();
  const text = 'x'.repeat(1000);
  let published = 0;
  const publishing = (async () => {
    for (let n = 0; n < 20000; ++n, ++published) await publisher.publish('slow', `${n} ${text}`);
  })();
  await until('the buffer to be full', () => published > 200);
  for (let turns = 0; turns < 200; ++turns) await new Promise(setImmediate);
  assert.ok(published <= 256, `${published} events of 1 KB in a buffer of 256 KiB`);
  proxy.resume();
  await publishing;
  await publisher.end('slow');
  assert.equal((await publisher.close()).accepted, 20001);
  const reader = read(t, bridge, 'slow');
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.data.slice(1).map((data) => Number.parseInt(data, 10)), Array.from({ length: 20000 }, (_, n) => n));
});
