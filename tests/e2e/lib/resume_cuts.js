'use strict';

// A page with nothing but EventSource, behind a network that cuts its connections, gets everything that was published, each
// event once and in order, and stops at the end.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { follow, openPage } = require('./follow.js');
const { FIN, RST, afterBytes, afterHead, eventsOf, inside, random, startProxy } = require('./proxy.js');
const { decode } = require('./readers.js');
const {
  DONE, SEED, assertStaysAway, assertStopped, everyFewHundredBytes, makeEvents, shown, withoutCursors,
} = require('./resume_kit.js');

function cutTests({ assertSeen, assertShows, bridge, browser, producer }) {
  // What a reader gets whom nobody disturbs.
  const undisturbed = async (topic) => decode(await (await fetch(bridge.events(topic))).text());

  test('a page gets what is published meanwhile, each event once, in order, and stops at the end', async (t) => {
    t.diagnostic(`SLUICE_SEED=${SEED}`);
    const target = eventsOf('live');
    const proxy = await startProxy(t, bridge, { cut: everyFewHundredBytes(target) });
    const page = await openPage(t, browser, proxy);
    const reader = await follow(page, target);

    const below = random(SEED, 'live events');
    const events = makeEvents(below, 240);
    const call = producer.open();
    for (let sent = 0; sent < events.length;) {
      const some = events.slice(sent, sent + 1 + below(30));
      call.write({ topic: 'live', events: some });
      sent += some.length;
      // The page is now in the tail and now behind.
      await reader.has(sent - (below(3) ? below(60) : 0));
    }
    call.write({ topic: 'live', end: {} });
    call.end();
    const { lastCursor } = await call.response;

    const seen = await reader.closed();
    assertShows(seen, events, DONE);
    assertSeen(seen, await undisturbed('live'));
    assert.ok(proxy.cuts(target) >= 12, `${proxy.cuts(target)} cuts`);
    assertStopped(proxy, target, lastCursor);
    await assertStaysAway(proxy, page, target);
  });

  test('a page opened late, and another tab, get the same', async (t) => {
    t.diagnostic(`SLUICE_SEED=${SEED}`);
    const events = makeEvents(random(SEED, 'late events'), 120);
    const { lastCursor } = await producer.publish({ topic: 'late', events }, { end: {} });
    const target = eventsOf('late');
    const proxy = await startProxy(t, bridge, { cut: everyFewHundredBytes(target) });
    const pages = [await openPage(t, browser, proxy)];
    // Of the same profile, where that is not what a page of its own is anyway.
    pages.push(await (pages[0].context?.().newPage() ?? browser.page(t)));
    await pages[1].goto(`${proxy.http}/`);
    const readers = await Promise.all(pages.map((page) => follow(page, target)));
    const [one, other] = await Promise.all(readers.map((reader) => reader.closed()));
    assertShows(one, events, DONE);
    const wanted = await undisturbed('late');
    assertSeen(one, wanted);
    assertSeen(other, wanted);
    assertStopped(proxy, target, lastCursor, 2);
  });

  test('a page behind a proxy of HTTP/1.0 gets the same, although no chunk tells where its stream is cut', async (t) => {
    t.diagnostic(`SLUICE_SEED=${SEED}`);
    const events = makeEvents(random(SEED, 'http10 events'), 80);
    const { lastCursor } = await producer.publish({ topic: 'http10', events }, { end: {} });
    const target = eventsOf('http10');
    const proxy = await startProxy(t, bridge, { http10: true, cut: everyFewHundredBytes(target) });
    const reader = await follow(await openPage(t, browser, proxy), target);
    assertShows(await reader.closed(), events, DONE);
    assertStopped(proxy, target, lastCursor);
    assert.ok(proxy.of(target).every(({ head }) => head.includes(' HTTP/1.1\r\n')), 'the browser spoke 1.1');
  });

  test('wherever it is cut, a page gets everything once', async (t) => {
    const events = [
      { id: 'odd/1', text: 'one' }, { text: 'Grüße 😀' }, { type: 'tick', text: 'x\ny' }, { text: '' }, { text: 'last' },
    ];
    const places = {
      'before the head': (how) => afterBytes(0, how),
      'in the status line': () => afterBytes(9, RST),
      'in a field of the head': () => inside('Content-Type', 8, RST),
      'behind the head': (how) => afterHead(0, how),
      "in a chunk's size": (how) => afterHead(1, how),
      'in the opening': (how) => afterHead(8, how),
      'in an id': (how) => inside('id: odd/1', 6, how),
      'in a character of two bytes': (how) => inside('ü', 1, how),
      'in a character of four bytes': (how) => inside('😀', 2, how),
      'between two lines of data': (how) => inside('data: x\n', 8, how),
      'before a blank line': (how) => inside('data: y\n', 8, how),
      'behind a blank line': (how) => inside('data: y\n\n', 9, how),
      'behind a chunk': (how) => inside('data: y\n\n\r\n', 11, how),
      'in [DONE]': (how) => inside('[DONE]', 3, how),
      'behind [DONE]': (how) => inside('[DONE]\n\n', 8, how),
      'in the last chunk': (how) => inside('[DONE]\n\n\r\n0\r\n\r\n', 12, how),
    };
    const cases = [FIN, RST].flatMap((how, index) => Object.entries(places).map(([place, cut], number) => ({
      place, cut: cut(how), topic: `places.${index}.${number}`, target: eventsOf(`places.${index}.${number}`),
    })));
    // The first answer is cut as well, so that all have the stream's own `retry`.
    const proxy = await startProxy(t, bridge, {
      cut: ({ target, nth }) => [afterHead(25, FIN), cases.find((one) => one.target === target)?.cut][nth],
    });
    const ends = await Promise.all(cases.map(({ topic }) => producer.publish({ topic, events }, { end: {} })));
    const page = await openPage(t, browser, proxy);
    for (const one of cases) one.reader = await follow(page, one.target);
    for (const [index, { place, cut, target, reader }] of cases.entries()) {
      const seen = await reader.closed();
      const where = `cut ${place} by ${cut.how}`;
      assert.equal(proxy.of(target)[1].cut?.how, cut.how, where);
      assertSeen(withoutCursors(seen), [...events.map(shown), DONE], where);
      assertStopped(proxy, target, ends[index].lastCursor);
    }
  });
}

module.exports = { cutTests };
