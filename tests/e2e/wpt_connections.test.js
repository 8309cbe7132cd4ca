'use strict';

// The cases of the web platform tests' `eventsource/` that tell a browser how to connect, seen from the server: what it must
// answer for each engine's EventSource to do the right thing.
//
// | case | what the server must do | the test that names |
// |---|---|---|
// | request-accept, request-cache-control | take `Accept: text/event-stream` and `Cache-Control: no-cache` | opens |
// | eventsource-onopen, -readystate | send the head before there is an event | opens |
// | eventsource-reconnect | take up a reader where its last id says | comes back |
// | eventsource-close | 200, 200, 204: answer 204 to a reader that has everything | comes back |
// | request-status-error, format-mime-* | give errors a status that is not 200, and no stream's type | stays away |
// | (the engines stop at any other status) | answer 200 and close when it is full | full |
// | eventsource-cross-origin, request-credentials | echo a listed origin on each answer; no other | another origin |
// | eventsource-cross-origin-preflight | have no id that takes a preflight; answer those of fetch() | another origin |
// | request-redirect | take up a reader whom a front sends on, also when it comes back | a front |
// | eventsource-request-cancellation, bfcache | count a reader no more when its page is done with it | counted |
// | dedicated-worker/* | nothing else | worker |

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { useFirefox } = require('./lib/firefox.js');
const { MS, follow, openPage } = require('./lib/follow.js');
const { Producer, useProducer } = require('./lib/producer.js');
const { BLANK, FIN, RST, eventsOf, inside, startProxy } = require('./lib/proxy.js');
const { openStream } = require('./lib/raw.js');
const { until } = require('./lib/until.js');
const { useWebKit } = require('./lib/webkit.js');

const bridge = useBridge('--retry=100ms', '--require_topics');
const producer = useProducer(bridge);
const engines = { Chromium: useBrowser(), Firefox: useFirefox(), WebKit: useWebKit() };

const DONE = '[DONE]';
const datas = async (reader) => (await reader.closed()).map(({ data }) => data);

// What must keep an EventSource away for good: each target, with the error's status.
const REFUSED = {
  '/v1/topics/nobody.made.it/events': 404,
  '/v1/topics/a..b/events': 400,
  '/v1/topics/x/events?from=tomorrow': 400,
  '/v1/nothing': 404,
  [`/v1/topics/${'x'.repeat(2000)}/events`]: 414,
};

describe('how each engine connects', { concurrency: 4 }, () => {
  for (const [name, browser] of Object.entries(engines)) {
    test(`a stream opens in ${name} before it has an event`, async (t) => {
      const topic = `opens.${name}`;
      await producer.createTopic({ topic });
      const proxy = await startProxy(t, bridge);
      const reader = await follow(await openPage(t, browser, proxy), eventsOf(topic));
      await until('the page to be open', async () => await reader.opened() === 1, MS);
      assert.match(proxy.requests[0].head, /^accept: text\/event-stream\r$/im);
      assert.match(proxy.requests[0].head, /^cache-control: no-cache\r$/im);
      assert.equal(await reader.count(), 0);
      assert.equal(await reader.broken(), 0);
    });

    test(`${name} comes back with the last id, and 204 stops it`, async (t) => {
      const topic = `back.${name}`;
      const target = eventsOf(topic);
      const { lastCursor } = await producer.batch({ topic, events: [{ text: 'one' }] });
      const proxy = await startProxy(t, bridge);
      const reader = await follow(await openPage(t, browser, proxy), target);
      await reader.has(1);
      proxy.drop(target, FIN);
      const end = await producer.publish({ topic, events: [{ text: 'two' }] }, { end: {} });
      assert.deepEqual(await datas(reader), ['one', 'two', DONE]);
      assert.deepEqual(proxy.requests.map(({ status, lastEventId }) => [status, lastEventId]),
                       [[200, undefined], [200, lastCursor], [204, end.lastCursor]]);
      assert.deepEqual([await reader.opened(), await reader.broken()], [2, 3]);
    });

    test(`${name} stays away from what is refused`, async (t) => {
      const proxy = await startProxy(t, bridge);
      const page = await openPage(t, browser, proxy);
      for (const [target, status] of Object.entries(REFUSED)) {
        const reader = await follow(page, target);
        assert.deepEqual(await reader.closed(), []);
        assert.deepEqual(proxy.of(target).map((request) => request.status), [status], target);
        assert.deepEqual([await reader.opened(), await reader.broken()], [0, 1], target);
      }
    });

    test(`a bridge that is full keeps no ${name} away for good`, async (t) => {
      const full = await startBridge(t, '--retry=100ms', '--max_connections=1');
      const other = new Producer(full);
      t.after(() => other.close());
      const raw = await openStream(t, full, '/v1/topics/held/events');
      const target = eventsOf('wanted');
      const proxy = await startProxy(t, full);
      const reader = await follow(await openPage(t, browser, proxy), target);
      const sentAway = () => proxy.of(target).filter(({ status }) => status === 200).length;
      await proxy.until('the page to be sent away twice', () => sentAway() >= 2);
      assert.equal((await other.getTopic('wanted')), undefined, 'nobody reads it yet');
      raw.close();
      await until('the page to be let in', async () => (await other.getTopic('wanted'))?.subscribers === 1, MS);
      await other.publish({ topic: 'wanted', events: [{ text: 'x' }] }, { end: {} });
      assert.deepEqual(await datas(reader), ['x', DONE]);
    });

    test(`${name} reads a stream of another origin that is listed, and comes back without a preflight`, async (t) => {
      const listed = await startProxy(t, undefined);
      const other = await startProxy(t, undefined);
      const own = await startBridge(t, '--retry=100ms', `--cors_origins=${listed.http}`);
      const publisher = new Producer(own);
      t.after(() => publisher.close());
      // The longest id there may be, of everything it may have.
      const id = `${'A-Za-z0-9._~+/=-'.repeat(8)}`;
      await publisher.publish({ topic: 'shared', events: [{ id, text: 'one' }, { text: 'two' }] }, { end: {} });
      const proxy = await startProxy(t, own, { cut: ({ nth }) => (nth === 0 ? inside('data: one\n\n', 11, RST) : null) });
      const page = await openPage(t, browser, listed);
      for (const withCredentials of [false, true]) {
        const target = eventsOf('shared', `?heartbeat=${withCredentials ? 30 : 31}`);
        const reader = await follow(page, `${proxy.http}${target}`, { withCredentials });
        assert.deepEqual(await datas(reader), ['one', 'two', DONE]);
        assert.equal(proxy.of(target)[0].cut.how, RST);
        assert.ok(proxy.of(target).every(({ head }) => head.includes(`${listed.http}\r\n`)), 'each request names its origin');
      }
      assert.ok(proxy.requests.every(({ head }) => head.startsWith('GET ')), 'no preflight');

      // A page that reads by fetch() sets fields that take one.
      const text = await page.evaluate(async ([url, id]) => {
        const answer = await fetch(url, { headers: { 'Last-Event-ID': id, 'Cache-Control': 'no-cache' } });
        return answer.text();
      }, [`${proxy.http}${eventsOf('shared', '?heartbeat=32')}`, id]);
      assert.match(text, /^retry: 100\n:.*\nid: .*\ndata: two\n\nid: .*\ndata: \[DONE\]\n\n$/);
      assert.deepEqual(proxy.of(eventsOf('shared', '?heartbeat=32')).map(({ head, status }) => [head.split(' ')[0], status]),
                       [['OPTIONS', 204], ['GET', 200]]);

      const stranger = await openPage(t, browser, other);
      const target = eventsOf('shared');
      const refused = await follow(stranger, `${proxy.http}${target}`);
      assert.deepEqual(await refused.closed(), []);
      assert.equal(proxy.of(target).length, 1);
    });

    test(`${name} follows a front that sends it on, and loses nothing when it comes back`, async (t) => {
      const statuses = [301, 302, 303, 307, 308];
      const topics = Object.fromEntries(statuses.map((status) => [status, `sent-on.${status}.${name}`]));
      const redirect = (status) => `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${eventsOf(topics[status])}\r\n` +
          'Content-Length: 0\r\nConnection: close\r\n\r\n';
      const proxy = await startProxy(t, bridge, {
        own: { '/': BLANK, ...Object.fromEntries(statuses.map((status) => [`/front/${status}`, redirect(status)])) },
        cut: ({ nth }) => (nth === 0 ? inside('data: one\n\n', 11, FIN) : undefined),
      });
      const page = await openPage(t, browser, proxy);
      for (const status of statuses) {
        await producer.publish({ topic: topics[status], events: [{ text: 'one' }, { text: 'two' }] }, { end: {} });
        const reader = await follow(page, `/front/${status}`);
        assert.deepEqual(await datas(reader), ['one', 'two', DONE], `${status}`);
      }
    });

    test(`a reader in ${name} is counted no more when its page is done with it`, async (t) => {
      const topic = `leaves.${name}`;
      await producer.batch({ topic, events: [{ text: 'x' }] });
      const subscribers = async () => (await producer.getTopic(topic)).subscribers;
      const counted = (count) => until(`${count} subscribers`, async () => await subscribers() === count, MS);
      const proxy = await startProxy(t, bridge);
      const page = await openPage(t, browser, proxy);
      const reader = await follow(page, eventsOf(topic));
      await reader.has(1);
      await counted(1);
      await reader.close();
      await counted(0);
      await follow(page, eventsOf(topic));
      await counted(1);
      await page.goto(`${proxy.http}/?elsewhere`);
      await counted(0);
    });

    test(`a worker in ${name} reads as a page does, over connections that are cut`, async (t) => {
      const topic = `worker.${name}`;
      const target = eventsOf(topic);
      const events = Array.from({ length: 20 }, (_, n) => ({ text: `event ${n}` }));
      await producer.publish({ topic, events }, { end: {} });
      const frame = (n) => `data: event ${n}\n\n`;
      const proxy = await startProxy(t, bridge, {
        cut: ({ nth }) => (nth < 4 ? inside(frame(nth * 5), frame(nth * 5).length, RST) : null),
      });
      const reader = await follow(await openPage(t, browser, proxy), target, { worker: true });
      assert.deepEqual(await datas(reader), [...events.map(({ text }) => text), DONE]);
      assert.equal(proxy.cuts(target), 4);
      assert.equal(proxy.of(target).at(-1).status, 204);
    });
  }
});
