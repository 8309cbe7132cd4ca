'use strict';

// Topics over HTTP, as a page uses them: made, published to, read a page at a time and then followed, stopped, ended,
// deleted.

const assert = require('node:assert/strict');
const http = require('node:http');
const { test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { Producer, useProducer } = require('./lib/producer.js');
const { Raw, exchange, openStream } = require('./lib/raw.js');
const { decode } = require('./lib/readers.js');
const { until } = require('./lib/until.js');

const ORIGIN = 'https://app.example';
const bridge = useBridge('--http_publish', `--cors_origins=${ORIGIN}`, '--retention_events=1000000', '--retention_bytes=256MiB');
const producer = useProducer(bridge);
const browser = useBrowser();

// { status, headers, body }: the body parsed, if there is one.
async function ask(method, target, { body, headers = {}, at = bridge } = {}) {
  const response = await fetch(`${at.http}/v1/${target}`, {
    method, headers: { Origin: ORIGIN, ...headers }, body: typeof body === 'object' ? JSON.stringify(body) : body,
  });
  const text = await response.text();
  assert.equal(response.headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal(response.headers.get('access-control-allow-credentials'), 'true');
  if (text) assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}
const history = async (topic, query = '', at = bridge) => (await ask('GET', `topics/${topic}/history?${query}`, { at })).body;
const publish = (topic, body, headers) => ask('POST', `topics/${topic}/events`, { body, headers });
const texts = (events) => events.map(({ data }) => data);

test('a topic is made, published to, read, followed, ended and deleted', async (t) => {
  const made = await ask('POST', 'topics', { body: { settings: { retentionEvents: 3, retentionAge: '3600s' } } });
  assert.equal(made.status, 201);
  const { topic, events_url } = made.body;
  assert.match(topic, /^[a-z2-7]{26}$/);
  assert.equal(events_url, `/v1/topics/${topic}/events`);
  assert.equal((await producer.getTopic(topic)).settings.retentionEvents, 3);

  const published = await publish(topic, '{ "n": 1.0 }', { 'Content-Type': 'application/json', 'Sluice-Event-Type': 'count' });
  assert.equal(published.status, 200);
  assert.equal(published.body.duplicate, false);
  const page = await history(topic);
  assert.deepEqual(Object.keys(page), ['topic', 'events', 'cursor', 'ended', 'error', 'gap']);
  const [event] = page.events;
  assert.deepEqual(Object.keys(event), ['topic', 'id', 'cursor', 'type', 'data', 'json', 'time']);
  assert.deepEqual([event.topic, event.type, event.data, event.json], [topic, 'count', '{"n":1.0}', true]);
  assert.equal(event.cursor, published.body.cursor);
  assert.ok(Math.abs(Date.parse(event.time) - Date.now()) < 3600e3);

  const raw = await openStream(t, bridge, events_url);
  const ended = await ask('POST', `topics/${topic}/end`);
  assert.equal(ended.status, 200);
  await raw.untilClosed();
  const read = decode(raw.text);
  assert.deepEqual(texts(read), ['{"n":1.0}', '[DONE]']);
  assert.equal(read.at(-1).id, ended.body.cursor);

  assert.equal((await ask('DELETE', `topics/${topic}`)).status, 204);
  assert.equal((await ask('DELETE', `topics/${topic}`)).status, 404);
  assert.equal(await producer.getTopic(topic), undefined);
  assert.equal((await publish(topic, 'late')).status, 409);
  const nothing = await history(topic);
  assert.deepEqual([nothing.events, nothing.ended, nothing.error], [[], true, null]);
});

test('a page of another origin does all of it, with preflights', async (t) => {
  const site = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>site</title>'));
  await new Promise((resolve) => { site.listen(0, '127.0.0.1', resolve); });
  t.after(() => { site.closeAllConnections(); site.close(); });
  const origin = `http://127.0.0.1:${site.address().port}`;
  const own = await startBridge(t, '--http_publish', `--cors_origins=${origin}`);
  const page = await browser.page(t);
  await page.goto(origin);
  const done = await page.evaluate(async (base) => {
    const json = { 'Content-Type': 'application/json' };
    const made = await (await fetch(`${base}/v1/topics`, { method: 'POST', headers: json, body: '{}' })).json();
    const topic = `${base}/v1/topics/${made.topic}`;
    const send = (n) => fetch(`${topic}/events`, { method: 'POST', headers: { ...json, 'Sluice-Event-Id': `e${n}` }, body: `{ "n": ${n} }` });
    await send(1);
    await send(1);
    const drawn = await (await fetch(`${topic}/history`)).json();
    const source = new EventSource(`${base}${made.events_url}?last_event_id=${drawn.cursor}`);
    const followed = [];
    const over = new Promise((resolve) => {
      source.onmessage = ({ data }) => {
        followed.push(data);
        if (data !== '[DONE]') return;
        source.close();
        resolve();
      };
    });
    await send(2);
    const { status } = await fetch(`${topic}/end`, { method: 'POST', headers: json, body: '{"error":null}' });
    await over;
    const gone = await fetch(topic, { method: 'DELETE' });
    return { drawn: drawn.events.map(({ data }) => data), followed, status, gone: gone.status };
  }, own.http);
  assert.deepEqual(done, { drawn: ['{"n":1}'], followed: ['{"n":2}', '[DONE]'], status: 200, gone: 204 });
});

test('a preflight allows every method and field that pages need', async (t) => {
  for (const target of ['topics', 'topics/t', 'topics/t/end', 'topics/t/stop', 'topics/t/history', 'topics/t/events']) {
    const raw = await exchange(t, bridge, `OPTIONS /v1/${target} HTTP/1.1`, `Origin: ${ORIGIN}`, 'Access-Control-Request-Method: DELETE');
    assert.equal(raw.head.status, 204);
    assert.equal(raw.head.fields['access-control-allow-methods'], 'GET, HEAD, POST, DELETE, OPTIONS');
    for (const field of ['content-type', 'sluice-event-id', 'sluice-event-type', 'authorization']) {
      assert.ok(raw.head.fields['access-control-allow-headers'].split(', ').includes(field));
    }
  }
});

test('pages of other origins change nothing, and are told nothing', async (t) => {
  await producer.batch({ topic: 'guarded', events: [{ text: 'x' }] });
  for (const line of ['POST /v1/topics', 'POST /v1/topics/guarded/end', 'POST /v1/topics/guarded/stop', 'DELETE /v1/topics/guarded']) {
    const raw = await exchange(t, bridge, `${line} HTTP/1.1`, 'Origin: https://evil.example', 'Content-Length: 0');
    assert.equal(raw.head.status, 403);
    assert.equal(raw.head.fields['access-control-allow-origin'], undefined);
  }
  assert.equal((await producer.getTopic('guarded')).state, 'TOPIC_STATE_OPEN');
});

test('without http_publish nothing can be changed, but a producer can be asked to stop', async (t) => {
  const own = await startBridge(t, `--cors_origins=${ORIGIN}`);
  for (const [method, target] of [['POST', 'topics'], ['POST', 'topics/t/events'], ['POST', 'topics/t/end'], ['DELETE', 'topics/t']]) {
    const { status, body } = await ask(method, target, { at: own });
    assert.equal(status, 403);
    assert.equal(body.error.code, 'PERMISSION_DENIED');
  }
  assert.equal((await ask('POST', 'topics/t/stop', { at: own })).status, 409);
});

test('who reads asks who publishes to stop', async (t) => {
  const call = producer.publisher.publishWithFeedback();
  const heard = [];
  call.on('data', (feedback) => heard.push(feedback)).on('error', () => {});
  t.after(() => call.cancel());
  call.write({ topic: 'answer', events: [{ text: 'token' }] });
  await until('the event to be stored', () => heard.some(({ ack }) => Number(ack?.accepted) === 1));
  const asked = await ask('POST', 'topics/answer/stop', { body: { reason: 'déjà vu' } });
  assert.deepEqual([asked.status, asked.body], [202, { producers: 1 }]);
  await until('the producer to hear of it', () => heard.some(({ stop }) => stop?.topic === 'answer' && stop.reason === 'déjà vu'));
  call.write({ end: {} });
  call.end();
  await until('the topic to be ended', async () => (await producer.getTopic('answer')).state === 'TOPIC_STATE_COMPLETED');
  assert.equal((await ask('POST', 'topics/answer/stop')).status, 409);
});

test('HEAD of history is its head alone', async (t) => {
  await producer.batch({ topic: 'head', events: [{ text: 'x' }] });
  const [got, head] = await Promise.all(['GET', 'HEAD'].map((method) => exchange(t, bridge, `${method} /v1/topics/head/history HTTP/1.1`)));
  assert.deepEqual(head.head, got.head);
  assert.equal(head.head.status, 200);
  assert.equal(Number(head.head.fields['content-length']), got.body.length);
  assert.equal(head.body.length, 0);
  assert.equal((await exchange(t, bridge, 'HEAD /v1/topics/nobody/history HTTP/1.1')).head.status, 404);
});

test('what a page asks of history wrongly is 400, and named', async () => {
  await producer.batch({ topic: 'asked', events: [{ text: 'x' }] });
  for (const [query, name] of [['limit=x', 'limit'], ['limit=', 'limit'], ['last=-1', 'last'], ['last=1&last=1', 'last'],
                               ['after=a&after=b', 'after'], ['limit=1e2', 'limit']]) {
    const { status, body } = await ask('GET', `topics/asked/history?${query}`);
    assert.equal(status, 400);
    assert.ok(body.error.message.startsWith(name), body.error.message);
  }
  for (const query of ['limit=0', 'limit=99999999999999999999', 'last=0', 'unknown=1', 'after=&last=1']) {
    assert.equal((await ask('GET', `topics/asked/history?${query}`)).status, 200);
  }
});

test("an ended topic's last page says so, as does a failed one's", async () => {
  const events = ['1', '2', '3'].map((text) => ({ text }));
  await producer.batch({ topic: 'completed', events, end: {} });
  await producer.batch({ topic: 'failed', events, end: { error: { code: 13, message: 'disk full' } } });
  for (const [topic, error] of [['completed', null], ['failed', { code: 'INTERNAL', message: 'disk full' }]]) {
    const first = await history(topic, 'limit=2');
    assert.deepEqual([texts(first.events), first.ended, first.error], [['1', '2'], false, null]);
    const second = await history(topic, `after=${first.cursor}`);
    assert.deepEqual([texts(second.events), second.ended, second.error, second.gap], [['3'], true, error, null]);
    assert.equal(second.cursor, (await producer.getTopic(topic)).lastCursor);
    // Who has the end is told to stay away.
    const response = await fetch(bridge.events(topic, `?last_event_id=${second.cursor}`));
    assert.equal(response.status, 204);
    assert.deepEqual(await history(topic, `after=${second.cursor}`), { ...second, events: [] });
  }
});

test('a gap is told once events have been trimmed', async (t) => {
  const own = await startBridge(t, '--retention_events=10', `--cors_origins=${ORIGIN}`);
  const producer = new Producer(own);
  t.after(() => producer.close());
  const event = (n) => ({ id: `e${n}`, text: `${n}` });
  const send = (from, to) => producer.batch({ topic: 't', events: Array.from({ length: to - from }, (_, n) => event(from + n)) });
  await send(0, 5);
  const { cursor } = await history('t', '', own);
  await send(5, 100);
  const lost = await history('t', `after=${cursor}`, own);
  assert.deepEqual(texts(lost.events), Array.from({ length: 10 }, (_, n) => `${90 + n}`));
  assert.deepEqual(lost.gap, { requested: cursor, resumed: lost.gap.resumed, reason: 'trimmed', topics: ['t'] });
  // As a stream tells it.
  const raw = await openStream(t, own, `/v1/topics/t/events?last_event_id=${cursor}`);
  await raw.until('the gap', () => raw.text.includes('\n\n'));
  const [gap] = decode(raw.text);
  assert.deepEqual(JSON.parse(gap.data), lost.gap);
  assert.equal(gap.id, lost.gap.resumed);

  assert.equal((await history('t', 'after=e95', own)).events.length, 4);
  assert.equal((await history('t', 'after=e95', own)).gap, null);
  for (const [after, reason] of [['e5', 'unknown_id'], ['abcdefghij234-7', 'epoch_changed'], [`${cursor}0000`, 'unknown_id']]) {
    const odd = await history('t', `after=${after}`, own);
    assert.deepEqual([odd.gap?.reason, odd.gap?.requested, odd.events.length], [reason, after, 10]);
  }
});

test('limits are told as on a stream of topics', async (t) => {
  const own = await startBridge(t, '--http_publish', '--max_topics=1', `--cors_origins=${ORIGIN}`);
  assert.equal((await ask('POST', 'topics', { body: { topic: 'a' }, at: own })).status, 201);
  const again = await ask('POST', 'topics', { body: { topic: 'a' }, at: own });
  assert.deepEqual([again.status, again.body.error.code], [409, 'ALREADY_EXISTS']);
  const more = await ask('POST', 'topics', { at: own });
  assert.deepEqual([more.status, more.body.error.code], [429, 'RESOURCE_EXHAUSTED']);
  assert.match(more.body.error.message, /max_topics/);
  await ask('POST', 'topics/a/end', { at: own });
  assert.equal((await ask('POST', 'topics', { body: { topic: 'a', replaceEnded: true }, at: own })).status, 201);
});

test('a full bridge says 503 and when to come again', async (t) => {
  const own = await startBridge(t, '--http_publish', '--max_connections=1', `--cors_origins=${ORIGIN}`);
  await openStream(t, own, '/v1/topics/t/events');
  for (const [method, target] of [['POST', 'topics'], ['POST', 'topics/t/events'], ['POST', 'topics/t/end'], ['POST', 'topics/t/stop'],
                                  ['DELETE', 'topics/t'], ['GET', 'topics/t/history']]) {
    const { status, headers, body } = await ask(method, target, { at: own });
    assert.deepEqual([status, body.error.code], [503, 'UNAVAILABLE']);
    assert.match(headers.get('retry-after'), /^[1-9]\d*$/);
  }
});

// Draws what is there, a page of `limit` after the other or the last ones, then follows from the cursor to the end.
async function drawAndFollow(t, topic, query, limit) {
  const drawn = [];
  let page = await history(topic, query);
  for (;;) {
    assert.equal(page.gap, null);
    drawn.push(...texts(page.events));
    if (page.ended || limit === undefined || page.events.length < limit) break;
    page = await history(topic, `after=${page.cursor}&limit=${limit}`);
  }
  if (page.ended) return drawn;
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.send(`GET /v1/topics/${topic}/events?last_event_id=${page.cursor} HTTP/1.1`, `Host: 127.0.0.1:${bridge.port}`);
  await raw.untilClosed(60000);
  if (raw.head.status === 204) return drawn;
  assert.equal(raw.head.status, 200);
  const events = decode(raw.text);
  assert.ok(events.every(({ type }) => type === 'message'));
  assert.equal(events.at(-1).data, '[DONE]');
  return [...drawn, ...texts(events.slice(0, -1))];
}

test('a page that draws first and follows then has every event once, whatever a producer does meanwhile', async (t) => {
  const TOPIC = 'fast';
  const COUNT = 30000;
  const call = producer.open();
  call.write({ topic: TOPIC, events: [{ text: '0' }] });
  await until('the first event', async () => (await producer.getTopic(TOPIC))?.events > 0);
  let sent = 1;
  const writing = (async () => {
    while (sent < COUNT) {
      const events = Array.from({ length: Math.min(10, COUNT - sent) }, () => ({ text: `${sent++}` }));
      if (!call.write({ events })) await new Promise((resolve) => { call.once('drain', resolve); });
    }
    call.write({ end: {} });
    call.end();
    await call.response;
  })();
  const readers = [];
  for (let n = 0; n < 8; ++n) {
    // Readers join all along the way.
    await until('the producer to be further', () => sent >= (n * COUNT) / 8);
    readers.push(['limit=1000', drawAndFollow(t, TOPIC, 'limit=1000', 1000)], ['last=50', drawAndFollow(t, TOPIC, 'last=50')],
                 ['limit=7', drawAndFollow(t, TOPIC, 'limit=7')]);
  }
  await writing;
  for (const [query, reader] of readers) {
    const read = (await reader).map(Number);
    if (!query.startsWith('last')) assert.equal(read[0], 0);
    read.forEach((number, at) => assert.equal(number, read[0] + at, `${query}, event ${at}`));
    assert.equal(read.at(-1), COUNT - 1);
  }
});
