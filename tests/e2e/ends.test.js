'use strict';

// How streams close, and what that tells a client.

const assert = require('node:assert/strict');
const http = require('node:http');
const { test } = require('node:test');
const { Bridge, startBridge, useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { Producer, useProducer } = require('./lib/producer.js');
const { NpmEventSource, UndiciEventSource, decode, fetchReader, openInPage } = require('./lib/readers.js');
const { exchange, openStream } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--retry=100ms');
const browser = useBrowser();
const producer = useProducer(bridge);

// A proxy in front of the bridge that notes every request: { url, status, lastEventId }.
async function watch(t) {
  const requests = [];
  const server = http.createServer((request, response) => {
    const entry = { url: request.url, lastEventId: request.headers['last-event-id'] };
    const upstream = http.request(`${bridge.http}${request.url}`, { headers: request.headers }, (answer) => {
      entry.status = answer.statusCode;
      requests.push(entry);
      response.writeHead(answer.statusCode, answer.headers);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    upstream.end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => { server.closeAllConnections(); server.close(); });
  return { http: `http://127.0.0.1:${server.address().port}`, events: () => requests.filter(({ url }) => url.startsWith('/v1/')) };
}

const clients = {
  'undici EventSource': async (t, url) => {
    const source = new UndiciEventSource(url);
    t.after(() => source.close());
    return () => source.readyState;
  },
  'npm eventsource': async (t, url) => {
    const source = new NpmEventSource(url);
    t.after(() => source.close());
    return () => source.readyState;
  },
  'Chromium EventSource': async (t, url) => {
    const page = await browser.page(t);
    await page.goto(new URL('/', url).href);
    await openInPage(page, url);
    return () => page.evaluate(() => window.sluice.source.readyState);
  },
};

for (const [name, open] of Object.entries(clients)) {
  test(`after [DONE], ${name} comes back once with the end's id, gets 204, and stays away`, async (t) => {
    const topic = `stop.${name.split(' ')[0]}`;
    const proxy = await watch(t);
    const readyState = await open(t, `${proxy.http}/v1/topics/${topic}/events`);
    await until('the stream', () => proxy.events().length === 1);
    const { lastCursor } = await producer.publish({ topic, events: [{ text: 'x' }] }, { end: {} });
    await until('the client to close', async () => (await readyState()) === 2);
    assert.deepEqual(proxy.events().map(({ status, lastEventId }) => [status, lastEventId]), [[200, undefined], [204, lastCursor]]);
  });
}

test('204 has no body and no framing', async (t) => {
  const { lastCursor } = await producer.publish({ topic: 'framing', events: [{ text: 'x' }] }, { end: {} });
  const raw = await exchange(t, bridge, 'GET /v1/topics/framing/events HTTP/1.1', 'Accept: text/event-stream', `Last-Event-ID: ${lastCursor}`);
  assert.equal(raw.head.status, 204);
  assert.equal(raw.head.fields['content-length'], undefined);
  assert.equal(raw.head.fields['transfer-encoding'], undefined);
  assert.equal(raw.body.length, 0);
});

test('the id in the query stops a reader at the end as well', async (t) => {
  const { lastCursor } = await producer.publish({ topic: 'framing2', events: [{ text: 'x' }] }, { end: {} });
  const raw = await exchange(t, bridge, `GET /v1/topics/framing2/events?last_event_id=${lastCursor} HTTP/1.1`);
  assert.equal(raw.head.status, 204);
});

test('SIGTERM closes streams without the last chunk and without [DONE], and the bridge exits 0', async (t) => {
  const own = await startBridge(t);
  const other = new Producer(own);
  t.after(() => other.close());
  const raws = await Promise.all(Array.from({ length: 20 }, () => openStream(t, own, '/v1/topics/term/events')));
  await other.batch({ topic: 'term', events: [{ text: 'x' }] });
  await Promise.all(raws.map((raw) => raw.until('the event', () => raw.text.includes('data: x\n\n'))));
  await own.stop('SIGTERM');
  for (const raw of raws) {
    await raw.untilClosed();
    assert.equal(raw.chunked.last, false, 'no last chunk');
    assert.equal(raw.chunked.rest.length, 0, 'and no chunk is cut');
    assert.deepEqual(decode(raw.text).map((event) => event.data), ['x']);
    assert.match(raw.chunks.at(-1), /^retry: [1-9]\d*\n$/, 'the last line tells when to come back');
    assert.ok(raw.ended, 'closed in an orderly way, not reset');
  }
  assert.ok(new Set(raws.map((raw) => raw.chunks.at(-1))).size > 1, 'not all at the same time');
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`with nobody connected, ${signal} ends the bridge at once`, async () => {
    const own = await new Bridge().start('--drain=10s');
    const before = performance.now();
    await own.stop(signal);
    assert.ok(performance.now() - before < 5000, 'well within the drain period');
  });
}

test('fetch-event-source and EventSource come back when the bridge has restarted', async (t) => {
  const first = await new Bridge().start('--retry=100ms');
  t.after(() => first.stop());
  const readers = [await fetchReader(t, first.events('restart'))];
  for (const EventSource of [UndiciEventSource, NpmEventSource]) {
    const source = new EventSource(first.events('restart'));
    t.after(() => source.close());
    const events = [];
    source.onmessage = (event) => events.push(event);
    readers.push({ events: async () => events });
  }
  const page = await browser.page(t);
  await page.goto(`${first.http}/`);
  await openInPage(page, first.events('restart'));
  readers.push({ events: () => page.evaluate(() => window.sluice.events) });

  const all = (what, text) => Promise.all(readers.map((reader, index) => until(
      `${what} in reader ${index}`, async () => (await reader.events()).some(({ data }) => data === text), 20000)));
  let other = new Producer(first);
  await other.batch({ topic: 'restart', events: [{ text: 'before' }] });
  await all('the event before', 'before');
  other.close();
  const listen = `--http_listen=127.0.0.1:${first.port}`;
  await first.stop();

  const second = await startBridge(t, '--retry=100ms', listen);
  other = new Producer(second);
  t.after(() => other.close());
  await until('all readers to be back', async () => (await other.getTopic('restart'))?.subscribers === readers.length, 20000);
  await other.batch({ topic: 'restart', events: [{ text: 'after' }] });
  await all('the event after', 'after');
});

for (const [how, leave] of [['closes', (socket) => socket.end()], ['resets', (socket) => socket.resetAndDestroy()]]) {
  test(`a client that ${how} its connection is gone from GetTopic.subscribers within a second`, async (t) => {
    const topic = `leaves.${how}`;
    const subscribers = async (count) => (await producer.getTopic(topic)).subscribers === count;
    await producer.batch({ topic, events: [{ text: 'x' }] });
    const raws = await Promise.all(Array.from({ length: 3 }, () => openStream(t, bridge, `/v1/topics/${topic}/events`)));
    await until('three subscribers', () => subscribers(3));
    leave(raws[0].socket);
    await until('two subscribers', () => subscribers(2), 1000);
    leave(raws[1].socket);
    leave(raws[2].socket);
    await until('no subscriber', () => subscribers(0), 1000);
  });
}

test('a topic that only a subscriber holds leaves with it', async (t) => {
  const raw = await openStream(t, bridge, '/v1/topics/held/events');
  assert.equal((await producer.getTopic('held')).subscribers, 1);
  raw.close();
  await until('no topic', async () => (await producer.getTopic('held')) === undefined, 1000);
});
