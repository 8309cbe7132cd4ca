'use strict';

// What a page of twenty EventSources has to see through a server of scripts/deploy.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { ADDRESS } = require('./address.js');
const { Bridge, startBridge } = require('./bridge.js');
const { startFront } = require('./deploy.js');
const { DONE, assertCursorsGoUp, assertStopped, everyFewHundredBytes, makeEvents, shown, SEED, withoutCursors } =
    require('./resume_kit.js');
const { MS, follow, openPage } = require('./follow.js');
const { Producer } = require('./producer.js');
const { eventsOf, random, startProxy } = require('./proxy.js');
const { until } = require('./until.js');

const COUNT = 20;
const TOPICS = Array.from({ length: COUNT }, (_, n) => `page.${n}`);

const upstreamOf = (bridge) => bridge.http.slice('http://'.length);
const all = (list, what) => Promise.all(list.map(what));

function newProducer(t, bridge) {
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  return producer;
}

// A page of the origin, with an EventSource for each topic.
async function openTwenty(t, browser, origin, query = '') {
  const page = await openPage(t, browser, { http: origin });
  const responses = await watchResponses(page);
  const readers = await all(TOPICS, (topic) => follow(page, eventsOf(topic, query)));
  return { page, readers, responses };
}

// How the answers to the page's EventSources came: { protocol, connectionId, status }.
async function watchResponses(page) {
  const responses = [];
  const session = await page.context().newCDPSession(page);
  session.on('Network.responseReceived', ({ type, response: { protocol, connectionId, status } }) => {
    if (type === 'EventSource') responses.push({ protocol, connectionId, status });
  });
  await session.send('Network.enable');
  return responses;
}

// Waits until all EventSources of a page are as wanted: { count, opened, broken, state } -> whether one is. They are asked
// together, so that a slow machine is not busy with asking.
async function untilAll(page, what, wanted) {
  let all;
  await until(() => `${what}; ${JSON.stringify(all)}`, async () => {
    all = await page.evaluate(() => Object.values(window.followed)
        .map(({ events, opened, broken, state }) => ({ count: events.length, opened, broken, state })));
    return all.every(wanted);
  }, MS);
}

const untilOpen = (page) => untilAll(page, 'all to open', ({ opened }) => opened > 0);
const untilHave = (page, count) => untilAll(page, `${count} events in each`, (reader) => reader.count >= count);
const untilClosed = (page) => untilAll(page, 'all to close', ({ state }) => state === 2);

async function assertReaders(producer, count, wanted) {
  const subscribers = async () => {
    const topics = await all(TOPICS, (topic) => producer.getTopic(topic));
    return topics.filter((topic) => topic?.subscribers === 1).length;
  };
  let now;
  // Less than a heartbeat: it must not take a failed write to notice.
  await until(() => `${count} readers, ${wanted}; there are ${now}`, async () => (now = await subscribers()) === count, 30000);
}

function deployTests(name, Server, browser) {
  test(`twenty EventSources of a page are open at once over one HTTP/2 connection, and each event comes as it is published: ${name}`, async (t) => {
    const bridge = await startBridge(t, '--retry=100ms');
    const producer = newProducer(t, bridge);
    const front = await startFront(t, Server, upstreamOf(bridge));
    const { page, readers, responses } = await openTwenty(t, browser, front.https);
    await untilOpen(page);
    for (let n = 0; n < 5; ++n) {
      for (const [index, topic] of TOPICS.entries()) {
        await producer.batch({ topic, events: [{ text: `${topic}: ${n}` }] });
        await readers[index].has(n + 1);
      }
    }
    assert.deepEqual(responses, Array(COUNT).fill({ protocol: 'h2', connectionId: responses[0].connectionId, status: 200 }));
    await all(TOPICS, (topic) => producer.batch({ topic, end: {} }));
    await untilClosed(page);
    for (const [index, reader] of readers.entries()) {
      const texts = Array.from({ length: 5 }, (_, n) => `${TOPICS[index]}: ${n}`);
      assert.deepEqual((await reader.events()).map(({ data }) => data), [...texts, '[DONE]']);
      assert.deepEqual([await reader.opened(), await reader.broken()], [1, 2], 'one stream, its end, and the 204');
    }
    assert.equal(responses.filter(({ status }) => status === 204).length, COUNT);
  });

  test(`the bridge hears at once of an EventSource that is closed, and of a page that leaves: ${name}`, async (t) => {
    const bridge = await startBridge(t, '--heartbeat=1m');
    const producer = newProducer(t, bridge);
    const front = await startFront(t, Server, upstreamOf(bridge));
    const { page, readers } = await openTwenty(t, browser, front.https);
    await untilOpen(page);
    await assertReaders(producer, COUNT, 'all');
    await all(readers.slice(0, 10), (reader) => reader.close());
    await assertReaders(producer, COUNT - 10, 'those that are not closed');
    await page.close();
    await assertReaders(producer, 0, 'none');
  });

  test(`connections to the bridge that are cut everywhere cost a page nothing: ${name}, SLUICE_SEED=${SEED}`, async (t) => {
    const bridge = await startBridge(t, '--retry=100ms');
    const producer = newProducer(t, bridge);
    const cuts = TOPICS.map((topic) => everyFewHundredBytes(eventsOf(topic)));
    const cut = (request) => cuts.map((one) => one(request)).find(Boolean);
    const proxy = await startProxy(t, bridge, { cut });
    const front = await startFront(t, Server, proxy.http.slice('http://'.length));
    const { page, readers } = await openTwenty(t, browser, front.https);
    await untilOpen(page);
    const published = await all(TOPICS, async (topic, index) => {
      const events = makeEvents(random(SEED, `${name}/${topic}`), 60, `run-${index}`);
      for (let at = 0; at < events.length; at += 6) await producer.batch({ topic, events: events.slice(at, at + 6) });
      const { lastCursor } = await producer.batch({ topic, end: {} });
      return { events, lastCursor };
    });
    await untilClosed(page);
    for (const [index, reader] of readers.entries()) {
      const seen = await reader.events();
      assert.deepEqual(withoutCursors(seen), [...published[index].events.map(shown), DONE]);
      assertCursorsGoUp(seen);
      const target = eventsOf(TOPICS[index]);
      assert.ok(proxy.cuts(target) >= 3, `${proxy.cuts(target)} cuts`);
      assertStopped(proxy, target, published[index].lastCursor);
    }
  });

  restartTests(name, Server, browser);
}

// Of the bridge behind the server, on its own ports; `browser` may be another one than above.
function restartTests(name, Server, browser) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`after a bridge that had ${signal} is started again, each of twenty EventSources comes back to its place: ${name}`, async (t) => {
      const flags = ['--retry=100ms', '--drain=500ms'];
      const first = await new Bridge().start(...flags, `--http_listen=${ADDRESS}:0`, `--grpc_listen=${ADDRESS}:0`);
      t.after(() => first.child?.stop('SIGKILL'));
      const front = await startFront(t, Server, upstreamOf(first));
      const before = newProducer(t, first);
      const page = await openPage(t, browser, { http: front.https });
      const readers = await all(TOPICS, (topic) => follow(page, eventsOf(topic)));
      const early = (topic) => Array.from({ length: 3 }, (_, n) => `${topic}: early ${n}`);
      await all(TOPICS, (topic) => before.batch({ topic, events: early(topic).map((text) => ({ text })) }));
      await untilHave(page, 3);

      if (signal === 'SIGKILL') await first.child.stop(signal);
      else await first.stop(signal);
      const away = { status: 502, type: 'application/json', code: 'UNAVAILABLE' };
      assert.deepEqual(await ask(page, '/v1/topics/page.0/history'), away);
      assert.deepEqual(await ask(page, '/v1/topics/page.0/events', { method: 'POST', body: 'hi' }), away);
      const broken = Math.max(...await all(readers, (reader) => reader.broken()));
      await untilAll(page, 'all to find nobody a few times', (reader) => reader.broken >= broken + 3);

      const second = await startBridge(t, ...flags, `--http_listen=${upstreamOf(first)}`, `--grpc_listen=${first.grpc}`);
      const after = newProducer(t, second);
      const late = (topic) => Array.from({ length: 10 }, (_, n) => `${topic}: late ${n}`);
      await all(TOPICS, async (topic) => {
        for (const text of late(topic)) await after.batch({ topic, events: [{ text }] });
      });
      await untilHave(page, 3 + 1 + 10);
      const ends = await all(TOPICS, (topic) => after.batch({ topic, end: {} }));
      await untilClosed(page);
      for (const [index, reader] of readers.entries()) {
        const topic = TOPICS[index];
        const seen = await reader.events();
        const gap = seen[3];
        assert.deepEqual(seen.map(({ type, data }) => (type === 'message' ? data : type)),
                         [...early(topic), 'sluice.gap', ...late(topic), '[DONE]']);
        assert.deepEqual(JSON.parse(gap.data), {
          requested: seen[2].id, resumed: gap.id, reason: 'epoch_changed', topics: [topic],
        }, 'it came with the id of the last event that it had');
        assert.equal(seen.at(-1).id, ends[index].lastCursor);
      }
    });
  }
}

// What a page's own request is answered.
function ask(page, target, options) {
  return page.evaluate(async ([target, options]) => {
    const answer = await fetch(target, options);
    return { status: answer.status, type: answer.headers.get('Content-Type'), code: (await answer.json()).error.code };
  }, [target, options]);
}

module.exports = { COUNT, TOPICS, deployTests, newProducer, openTwenty, restartTests, upstreamOf };
