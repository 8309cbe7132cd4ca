'use strict';

// A page that comes back to an end, to another bridge, before its first event, or too late.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge } = require('./bridge.js');
const { MS, follow, openPage } = require('./follow.js');
const { Producer } = require('./producer.js');
const { FIN, RST, afterHead, eventsOf, inside, random, startProxy } = require('./proxy.js');
const {
  CURSOR, DONE, SEED, assertCursorsGoUp, assertStopped, everyFewHundredBytes, makeEvents,
} = require('./resume_kit.js');
const { until } = require('./until.js');

function endTests({ assertSeen, assertShows, bridge, browser, mendText, producer }) {
  test('a failed end is never missed, wherever it is cut, and [DONE] comes once', async (t) => {
    const failure = { code: 13, message: 'it broke' };
    // What the page has before it is cut, and how often it is told of the error: the error's id is the cursor before the
    // end, so a page that came so far and no further is told once more.
    const places = {
      'in its first event': { cut: inside('it broke', 3), has: 1, errors: 1 },
      'before the blank line': { cut: inside('it broke"}\n', 11), has: 1, errors: 1 },
      'between its two events': { cut: inside('it broke"}\n\n', 12), has: 2, errors: 2 },
      'in [DONE]': { cut: inside('[DONE]', 3), has: 2, errors: 2 },
      'behind [DONE]': { cut: inside('[DONE]\n\n', 8), has: 3, errors: 1 },
    };
    const cases = [FIN, RST].flatMap((how) => Object.entries(places).map(([place, { cut, has, errors }], number) => {
      const one = { place, errors, target: eventsOf(`failed.${how}.${number}`), topic: `failed.${how}.${number}` };
      one.cut = { ...cut, how, when: async () => (await one.reader).has(has) };
      return one;
    }));
    const proxy = await startProxy(t, bridge, {
      cut: ({ target, nth }) => (nth === 0 ? cases.find((one) => one.target === target)?.cut : undefined),
    });
    const ends = await Promise.all(
        cases.map(({ topic }) => producer.publish({ topic, events: [{ text: 'x' }], end: { error: failure } })));
    const page = await openPage(t, browser, proxy);
    for (const one of cases) one.reader = follow(page, one.target);
    for (const [index, { place, cut, errors, target, ...one }] of cases.entries()) {
      const reader = await one.reader;
      const [epoch, end] = ends[index].lastCursor.split('-');
      const error = { type: 'error', data: '{"code":"INTERNAL","message":"it broke"}', id: `${epoch}-${end - 1}` };
      const [first, ...rest] = await reader.closed();
      assert.equal(first.data, 'x');
      assertSeen(rest, [...Array(errors).fill(error), { ...DONE, id: `${epoch}-${end}` }], `cut ${place} by ${cut.how}`);
      assertStopped(proxy, target, ends[index].lastCursor);
    }
  });

  for (const how of ['stopped', 'killed']) {
    test(`a page whose bridge is ${how} and starts again is told so once, and gets everything after`, async (t) => {
      t.diagnostic(`SLUICE_SEED=${SEED}`);
      const topic = `again.${how}`;
      const target = eventsOf(topic);
      const below = random(SEED, how);
      // Any cursor is one of another epoch then, and any producer's id is unknown.
      const before = makeEvents(below, 40).map((event) => ({ ...event, id: how === 'stopped' ? undefined : event.id }));
      const after = makeEvents(below, 40, 'run-8');
      const first = await startBridge(t, '--retry=100ms');
      const producers = [new Producer(first)];
      t.after(() => producers.forEach((one) => one.close()));
      const proxy = await startProxy(t, first, { cut: everyFewHundredBytes(target) });
      const reader = await follow(await openPage(t, browser, proxy), target);
      await producers[0].batch({ topic, events: before });
      await reader.has(10);

      if (how === 'stopped') {
        await first.stop();
      } else {
        const { child } = first;
        first.child = undefined;
        await child.stop('SIGKILL');
      }
      await proxy.until('the page to find nobody', () => proxy.of(target).at(-1).cut && !proxy.of(target).at(-1).status, MS);
      const second = await startBridge(t, '--retry=100ms');
      proxy.hold();
      proxy.bridge = second;
      producers.push(new Producer(second));
      await producers[1].batch({ topic, events: after.slice(0, 20) });
      proxy.release();
      await proxy.until('the gap in the page', async () => (await reader.events()).some(({ type }) => type === 'sluice.gap'), MS);
      const { lastCursor } = await producers[1].publish({ topic, events: after.slice(20) }, { end: {} });

      const seen = await reader.closed();
      const at = seen.findIndex(({ type }) => type === 'sluice.gap');
      assert.ok(at >= 10, `a gap after ${at} events`);
      assertShows(seen.slice(0, at), before.slice(0, at));
      const requested = seen[at - 1].id;
      const resumed = seen[at].id;
      const reason = CURSOR.test(requested) ? 'epoch_changed' : 'unknown_id';
      assertSeen([seen[at]], [{
        type: 'sluice.gap', id: resumed,
        data: `{"requested":"${requested}","resumed":"${resumed}","reason":"${reason}","topics":["${topic}"]}`,
      }]);
      assertShows(seen.slice(at + 1), after, DONE);
      assert.equal(resumed.split('-')[0], lastCursor.split('-')[0], 'a place in the new log');
      assertStopped(proxy, target, lastCursor);
    });
  }

  test('a page that starts at latest and is cut before its first event misses nothing', async (t) => {
    const topic = 'latest';
    await producer.batch({ topic, events: [{ text: 'old' }, { text: 'older' }] });
    const target = eventsOf(topic, '?from=latest');
    const proxy = await startProxy(t, bridge);
    const reader = await follow(await openPage(t, browser, proxy), target);
    await reader.has(1);
    for (const [how, text] of [[RST, 'one'], [FIN, 'two']]) {
      proxy.hold();
      proxy.drop(target, how);
      await producer.batch({ topic, events: [{ text }] });
      proxy.release();
      if (how === RST) await reader.has(2);
    }
    const end = await producer.publish({ topic, events: [{ text: 'three' }] }, { end: {} });
    const seen = await reader.closed();
    assert.deepEqual(seen.map(({ type, data }) => [type, data]), [
      ['sluice.position', '{}'], ['message', 'one'], ['message', 'two'], ['message', 'three'], ['message', '[DONE]'],
    ]);
    assertCursorsGoUp(seen);
    assert.equal(proxy.of(target)[1].lastEventId, seen[0].id);
    assertStopped(proxy, target, end.lastCursor);
  });

  test('a page that was away for too long is told once what it missed, and gets what is left', async (t) => {
    const topic = 'trimmed';
    await producer.createTopic({ topic, settings: { retentionEvents: 5 } });
    const target = eventsOf(topic);
    const proxy = await startProxy(t, bridge, {
      // The gap is cut as well, in the middle and right behind.
      cut: ({ nth }) => [undefined, inside('"trimmed"', 4, RST), inside('"trimmed","topics":["trimmed"]}\n\n', 33, FIN)][nth],
    });
    const reader = await follow(await openPage(t, browser, proxy), target);
    await producer.batch({ topic, events: [{ text: '0' }] });
    await reader.has(1);
    proxy.hold();
    proxy.drop(target, RST);
    const missed = Array.from({ length: 20 }, (_, n) => ({ text: `${n + 1}` }));
    const end = await producer.publish({ topic, events: missed }, { end: {} });
    proxy.release();
    const [first, gap, ...rest] = await reader.closed();
    assert.equal(first.data, '0');
    assertSeen([gap], [{
      type: 'sluice.gap', id: gap.id,
      data: `{"requested":"${first.id}","resumed":"${gap.id}","reason":"trimmed","topics":["${topic}"]}`,
    }]);
    assert.deepEqual(rest.map(({ data }) => data), ['16', '17', '18', '19', '20', '[DONE]']);
    assert.equal(proxy.cuts(target), 3);
    assertStopped(proxy, target, end.lastCursor);
  });

  test("a page comes back no sooner than a producer's retry says", async (t) => {
    const target = eventsOf('retry');
    const proxy = await startProxy(t, bridge);
    const reader = await follow(await openPage(t, browser, proxy), target);
    await producer.batch({ topic: 'retry', events: [{ text: 'patience', retry: { seconds: 1, nanos: 500e6 } }] });
    await reader.has(1);
    proxy.drop(target, FIN);
    await producer.publish({ topic: 'retry', events: [{ text: 'next' }] }, { end: {} });
    assert.deepEqual((await reader.closed()).map(({ data }) => data), ['patience', 'next', '[DONE]']);
    const [first, second] = proxy.of(target);
    assert.ok(second.at - first.cut.at >= 1400, `${second.at - first.cut.at} ms`);
  });

  test('the demo page shows each line once, and why the topic failed', async (t) => {
    const topic = 'demo.failed';
    const target = `${eventsOf(topic)}?envelope=json`;
    const proxy = await startProxy(t, bridge, {
      own: {}, cut: (request) => (request.target === target && request.nth < 8 ? afterHead(100 + 40 * request.nth, FIN) : null),
    });
    const page = await browser.page(t);
    await page.goto(`${proxy.http}/log#${topic}`);
    const says = (id, state) => page.evaluate(([id, state]) => document.getElementById(id).dataset.state === state, [id, state]);
    await until('the page is there', () => says('state', 'live'), MS);
    await producer.publish({ topic, events: Array.from({ length: 40 }, (_, n) => ({ text: `line ${n}` })) },
                           { end: { error: { code: 13, message: 'it broke' } } });
    await until('the end in the page', () => says('end', 'failed'), MS);
    const lines = await page.evaluate(() => Array.from(document.querySelectorAll('#log .text'), (line) => line.textContent));
    assert.deepEqual(lines, Array.from({ length: 40 }, (_, n) => `line ${n}`));
    assert.match(await page.evaluate(() => document.getElementById('end').textContent), /INTERNAL: it broke/);
    assert.ok(proxy.of(target).length > 8);
    assert.ok(await says('state', 'failed'));
  });
}

module.exports = { endTests };
