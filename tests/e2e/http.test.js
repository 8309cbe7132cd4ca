'use strict';

const assert = require('node:assert/strict');
const http = require('node:http');
const { test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { useProducer } = require('./lib/producer.js');
const { openInPage } = require('./lib/readers.js');
const { exchange, openStream } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const ORIGIN = 'https://app.example';
const bridge = useBridge(`--cors_origins=${ORIGIN},https://other.example:8443`);
const browser = useBrowser();
const producer = useProducer(bridge);
const EVENTS = '/v1/topics/t/events';

// An error answer: JSON with the name of a google.rpc code and a sentence.
function error(raw, status, code = /^[A-Z]+(_[A-Z]+)*$/) {
  assert.equal(raw.head.status, status, raw.body.toString());
  assert.match(raw.head.fields['content-type'], /^application\/json\b/);
  const body = JSON.parse(raw.body.toString());
  assert.deepEqual(Object.keys(body), ['error']);
  if (typeof code === 'string') assert.equal(body.error.code, code);
  else assert.match(body.error.code, code);
  assert.ok(body.error.message.length > 0);
}

for (const accept of [[], ['Accept: */*'], ['Accept: text/event-stream'], ['Accept: text/*;q=0.1'], ['Accept: application/json, text/event-stream']]) {
  test(`${accept[0] ?? 'no Accept'} on the events is fine`, async (t) => {
    const raw = await openStream(t, bridge, EVENTS, 'User-Agent: test', ...accept);
    assert.equal(raw.head.status, 200);
  });
}

for (const target of ['/nowhere', '/v1', '/v1/topics', '/v1/topics/t', '/v1/topics/t/nothing', '/v2/topics/t/events']) {
  test(`${target} is 404 in JSON`, async (t) => {
    const raw = await exchange(t, bridge, `GET ${target} HTTP/1.1`);
    assert.ok([404, 405].includes(raw.head.status), raw.head.line);
    assert.match(raw.head.fields['content-type'], /^application\/json\b/);
    if (raw.head.status === 404) error(raw, 404, 'NOT_FOUND');
  });
}

test('a topic may be written with escapes', async (t) => {
  await producer.batch({ topic: 'user:7@x~y', events: [{ text: 'escaped' }], end: {} });
  const raw = await openStream(t, bridge, '/v1/topics/user%3A7%40x%7Ey/events');
  await raw.untilClosed();
  assert.match(raw.text, /data: escaped\n\n/);
});

test('HEAD has the head of the stream and makes no subscription', async (t) => {
  await producer.batch({ topic: 'head', events: [{ text: 'x' }] });
  const raw = await exchange(t, bridge, 'HEAD /v1/topics/head/events HTTP/1.1');
  assert.equal(raw.head.status, 200);
  assert.equal(raw.head.fields['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(raw.head.fields['cache-control'], 'no-cache, no-transform');
  assert.equal(raw.body.length, 0);
  assert.equal((await producer.getTopic('head')).subscribers, 0);
});

test('connections are kept alive between requests that are no streams', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set();
  for (let n = 0; n < 20; ++n) {
    await new Promise((resolve, reject) => {
      http.get(`${bridge.http}/nowhere`, { agent }, (response) => {
        ports.add(response.socket.localPort);
        assert.equal(response.statusCode, 404);
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
  }
  agent.destroy();
  assert.equal(ports.size, 1);
});

test('a preflight is 204 with a fixed list', async (t) => {
  for (const asked of ['last-event-id', 'x-evil, last-event-id']) {
    const raw = await exchange(t, bridge, `OPTIONS ${EVENTS} HTTP/1.1`, `Origin: ${ORIGIN}`,
                               'Access-Control-Request-Method: GET', `Access-Control-Request-Headers: ${asked}`);
    assert.equal(raw.head.status, 204);
    assert.equal(raw.head.fields['access-control-allow-origin'], ORIGIN);
    assert.equal(raw.head.fields['access-control-allow-credentials'], 'true');
    assert.match(raw.head.fields['access-control-allow-methods'], /\bGET\b/);
    assert.match(raw.head.fields['access-control-allow-headers'], /last-event-id/i);
    assert.doesNotMatch(raw.head.fields['access-control-allow-headers'], /x-evil/i);
    assert.match(raw.head.fields.vary, /\bOrigin\b/);
    assert.equal(raw.body.length, 0);
  }
});

test('OPTIONS without an Origin is 204 too', async (t) => {
  const raw = await exchange(t, bridge, `OPTIONS ${EVENTS} HTTP/1.1`);
  assert.equal(raw.head.status, 204);
  assert.equal(raw.head.fields['access-control-allow-origin'], undefined);
});

test('an origin of the list is echoed, on streams and on errors', async (t) => {
  for (const origin of [ORIGIN, 'https://other.example:8443']) {
    const stream = await openStream(t, bridge, EVENTS, 'Accept: text/event-stream', `Origin: ${origin}`);
    const missing = await exchange(t, bridge, 'GET /nowhere HTTP/1.1', `Origin: ${origin}`);
    for (const raw of [stream, missing]) {
      assert.equal(raw.head.fields['access-control-allow-origin'], origin);
      assert.equal(raw.head.fields['access-control-allow-credentials'], 'true');
      assert.match(raw.head.fields.vary, /\bOrigin\b/);
    }
  }
});

test('Chromium reads a stream of another origin, with credentials, if that origin is on the list', async (t) => {
  const site = http.createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>site</title>'));
  await new Promise((resolve) => { site.listen(0, '127.0.0.1', resolve); });
  t.after(() => { site.closeAllConnections(); site.close(); });
  const origin = `http://127.0.0.1:${site.address().port}`;
  const own = await startBridge(t, `--cors_origins=${origin}`);
  const page = await browser.page(t);
  await page.goto(origin);
  await openInPage(page, own.events('cors'), [], { withCredentials: true });
  await until('the stream to open', () => page.evaluate(() => window.sluice.opened === 1));

  await openInPage(page, bridge.events('cors'), [], { withCredentials: true });  // it does not list this origin
  await until('the other stream to be refused', () => page.evaluate(() => window.sluice.source.readyState === 2));
  assert.equal(await page.evaluate(() => window.sluice.opened), 0);
});
