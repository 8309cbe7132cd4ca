'use strict';

// What clients/web promises, in one engine.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { startBridge } = require('./bridge.js');
const { MS } = require('./follow.js');
const { Producer } = require('./producer.js');
const { FIN, RST, afterHead, inside, random, startProxy } = require('./proxy.js');
const { CURSOR, SEED, makeEvents, shown } = require('./resume_kit.js');
const { until } = require('./until.js');
const { follow, useWebClient } = require('./web_client.js');

const MODES = { 'an EventSource': { types: ['tick', 'build.step', 'größe'] }, 'fetch()': { fetch: true } };
const isStream = ({ head }) => /^GET \S+\/events\?/.test(head);

function webClientTests(name, browser) {
  const kit = useWebClient(browser);
  const { bridge, producer } = kit;

  describe(`clients/web in ${name}`, { concurrency: 4 }, () => {
    for (const [mode, options] of Object.entries(MODES)) {
      const named = (topic) => `${topic}.${options.fetch ? 'fetch' : 'source'}`;

      test(`${mode}: a topic is read to its end, and JSON comes parsed`, async (t) => {
        const topic = named('whole');
        const events = makeEvents(random(SEED, topic), 40);
        const reader = await follow(await kit.open(t), bridge.http, topic, options);
        await producer.publish({ topic, events }, { events: [{ json: { structValue: { fields: { n: { numberValue: 7 } } } } }] });
        await reader.has('event', 41);
        await producer.publish({ topic, end: {} });
        assert.equal(await reader.over(), true);
        const seen = await reader.told('event');
        assert.deepEqual(seen.slice(0, -1).map(({ type, data, id, cursor }) => ({ type, data, id: id === cursor ? undefined : id })),
                         events.map(shown));
        assert.deepEqual(seen.at(-1).value, { n: 7 });
        assert.ok(seen.every((event) => event.topic === topic && CURSOR.test(event.cursor)));
      });

      test(`${mode}: a failed end is told with code and message`, async (t) => {
        const topic = named('failed');
        await producer.publish({ topic, events: [{ text: 'x' }, { text: 'no end', type: 'error' }], end: { error: { code: 13, message: 'it broke' } } });
        const reader = await follow(await kit.open(t), bridge.http, topic, options);
        assert.deepEqual(await reader.over(), { code: 'INTERNAL', message: 'it broke' });
        assert.deepEqual(await reader.data(), ['x', 'no end']);
        assert.deepEqual(await reader.told('error'), [{ code: 'INTERNAL', message: 'it broke' }]);
      });

      test(`${mode}: connections that are cut everywhere lose nothing and double nothing`, async (t) => {
        t.diagnostic(`SLUICE_SEED=${SEED}`);
        const topic = named('cut');
        const below = random(SEED, topic);
        const proxy = await startProxy(t, bridge, {
          cut: (request) => (isStream(request) ? afterHead(100 + below(4000), below(2) ? RST : FIN) : undefined),
        });
        const events = makeEvents(below, 100);
        await producer.publish({ topic, events }, { end: { error: { code: 8, message: 'full' } } });
        const reader = await follow(await kit.open(t), proxy.http, topic, options);
        assert.deepEqual(await reader.over(), { code: 'RESOURCE_EXHAUSTED', message: 'full' });
        assert.deepEqual(await reader.data(), events.map((event) => shown(event).data));
        assert.ok(proxy.requests.filter(({ cut }) => cut).length > 3);
      });

      test(`${mode}: after a restart of the bridge there is a gap, and then what came after it`, async (t) => {
        const topic = named('again');
        const first = await startBridge(t, ...kit.flags);
        const producers = [new Producer(first)];
        t.after(() => producers.forEach((one) => one.close()));
        const { lastCursor } = await producers[0].batch({ topic, events: [{ text: 'before' }] });
        const reader = await follow(await kit.open(t), first.http, topic, options);
        await reader.has('event');
        const { child, port } = first;
        first.child = undefined;
        await child.stop('SIGKILL');
        await reader.has('lost');
        const second = await startBridge(t, ...kit.flags, `--http_listen=127.0.0.1:${port}`);
        producers.push(new Producer(second));
        await producers[1].batch({ topic, events: [{ text: 'after' }], end: {} });
        assert.equal(await reader.over(), true);
        assert.deepEqual(await reader.data(), ['before', 'after']);
        const [gap, ...others] = await reader.told('gap');
        assert.deepEqual([gap.requested, gap.reason, gap.topics, others], [lastCursor, 'epoch_changed', [topic], []]);
      });

      test(`${mode}: a snapshot is drawn, and followed without a hole`, async (t) => {
        const topic = named('drawn');
        await producer.batch({ topic, events: ['a', 'b', 'c'].map((text) => ({ text })) });
        const reader = await follow(await kit.open(t), bridge.http, topic, { ...options, snapshot: 2 });
        await reader.has('open');
        await producer.batch({ topic, events: [{ text: 'd' }], end: {} });
        assert.equal(await reader.over(), true);
        assert.deepEqual((await reader.told('snapshot')).map((events) => events.map(({ data }) => data)), [['b', 'c']]);
        assert.deepEqual(await reader.data(), ['d']);
      });

      test(`${mode}: a connection that swallows everything is noticed, and replaced`, async (t) => {
        const topic = named('silent');
        const events = ['a', 'b', 'c'].map((text) => ({ text }));
        await producer.batch({ topic, events: events.slice(0, 1) });
        // The first connection has an event; then nothing comes through, not even a head.
        const behindFirst = (bytes) => {
          const at = bytes.indexOf('\n\n', Math.max(0, bytes.indexOf('"a"')));
          return bytes.includes('"a"') && at >= 0 ? at + 2 : -1;
        };
        let streams = 0;
        let swallow = true;
        const proxy = await startProxy(t, bridge, {
          cut: (request) => (isStream(request) && swallow ?
              { how: FIN, find: ++streams === 1 ? behindFirst : () => 0, when: () => new Promise(() => {}) } : undefined),
        });
        const reader = await follow(await kit.open(t), proxy.http, topic, { ...options, heartbeat: 1 });
        await reader.has('event');
        await producer.batch({ topic, events: events.slice(1), end: {} });
        await reader.has('silent', 2);
        swallow = false;
        assert.equal(await reader.over(), true);
        assert.deepEqual(await reader.data(), ['a', 'b', 'c']);
      });

      test(`${mode}: several topics come over one stream, with their ends`, async (t) => {
        const [one, two] = ['one', 'two'].map((part) => named(`several.${part}`));
        await producer.publish({ topic: one, events: [{ text: 'first' }] }, { topic: two, events: [{ text: 'second', type: 'tick', id: 'mine' }] });
        const reader = await follow(await kit.open(t), bridge.http, [one, two], options);
        await reader.has('event', 2);
        await producer.publish({ topic: one, end: { error: { code: 10, message: 'gone' } } }, { topic: two, events: [{ text: 'third' }], end: {} });
        assert.equal(await reader.over(), true);
        assert.deepEqual((await reader.told('event')).map(({ topic, type, data }) => [topic, type, data]),
                         [[one, 'message', 'first'], [two, 'tick', 'second'], [two, 'message', 'third']]);
        assert.deepEqual(await reader.told('ended'),
                         [{ topic: one, error: { code: 'ABORTED', message: 'gone' } }, { topic: two, error: null }]);
      });

      test(`${mode}: a pattern takes topics as they come, and what is refused is told why`, async (t) => {
        const page = await kit.open(t);
        const reader = await follow(page, bridge.http, `${named('pattern')}.*`, options);
        await reader.has('open');
        await producer.batch({ topic: `${named('pattern')}.x`, events: [{ text: 'new' }] });
        await reader.has('event');
        assert.equal((await reader.told('event'))[0].topic, `${named('pattern')}.x`);
        await reader.close();
        assert.equal(await reader.over(), false);
        const refused = await (await follow(page, bridge.http, 'no topic', options)).over();
        assert.equal(refused.code, 'INVALID_ARGUMENT');
      });
    }

    test('fetch() sends the headers of the page, and Last-Event-ID', async (t) => {
      const proxy = await startProxy(t, bridge, { cut: (request) => (isStream(request) && request.nth < 2 ? inside('"first"', 7, RST) : undefined) });
      const topic = 'headers';
      const { lastCursor } = await producer.batch({ topic, events: [{ text: 'zeroth' }] });
      await producer.batch({ topic, events: [{ text: 'first' }], end: {} });
      const headers = { Authorization: 'Bearer secret' };
      const reader = await follow(await kit.open(t), proxy.http, topic, { headers, lastEventId: lastCursor });
      assert.equal(await reader.over(), true);
      assert.deepEqual(await reader.data(), ['first']);
      const streams = proxy.requests.filter(isStream);
      assert.ok(streams.length > 1);
      for (const { head, lastEventId } of streams) {
        assert.match(head, /^authorization: Bearer secret\r$/im);
        assert.equal(lastEventId, lastCursor);
      }
    });

    test('stop() reaches the producer, and says so', async (t) => {
      const topic = 'stopped';
      const call = producer.publisher.publishWithFeedback();
      const heard = [];
      call.on('data', (feedback) => heard.push(feedback)).on('error', () => {});
      t.after(() => call.cancel());
      call.write({ topic, events: [{ text: 'x' }] });
      const page = await kit.open(t);
      const reader = await follow(page, bridge.http, topic);
      await reader.has('event');
      const stop = (topic) => page.evaluate(([base, topic]) => {
        window.asked = undefined;
        window.sluice.stop(base, topic, 'seen enough').then((asked) => { window.asked = asked; });
      }, [bridge.http, topic]);
      await stop(topic);
      await reader.until('the answer', async () => (await page.evaluate(() => window.asked)) === 1);
      await reader.until('the stop', () => heard.some(({ stop }) => stop));
      assert.deepEqual(heard.find(({ stop }) => stop).stop, { topic, reason: 'seen enough' });
      await stop('nobody.publishes');
      await reader.until('the other answer', async () => (await page.evaluate(() => window.asked)) === 0);
    });

    test('for await goes over the events, and ends with them', async (t) => {
      const topic = 'iterated';
      await producer.batch({ topic, events: ['a', 'b'].map((text) => ({ text })), end: {} });
      const page = await kit.open(t);
      await page.evaluate(([base, topic]) => {
        window.iterated = { data: [], over: false };
        (async () => {
          for await (const { data } of window.sluice.follow(base, topic)) window.iterated.data.push(data);
          window.iterated.over = true;
        })();
      }, [bridge.http, topic]);
      await until('the iteration to end', () => page.evaluate(() => window.iterated.over), MS);
      assert.deepEqual(await page.evaluate(() => window.iterated.data), ['a', 'b']);
    });
  });
}

module.exports = { webClientTests };
