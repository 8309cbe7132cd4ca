'use strict';

// What the tests of resuming have in common: events of every kind, connections that are cut everywhere, what a page has to
// show in the end.

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { useBridge } = require('./bridge.js');
const { MS, follow } = require('./follow.js');
const { useProducer } = require('./producer.js');
const { FIN, RST, afterBytes, afterHead, eventsOf, random } = require('./proxy.js');

const SEED = process.env.SLUICE_SEED ?? String(crypto.randomInt(2 ** 31));
const CURSOR = /^[a-z2-7]{13}-(0|[1-9]\d*)$/;

const TEXTS = [
  (n) => `event ${n}`,
  () => '',
  (n) => `three\nlines\nof ${n}`,
  (n) => `CR\rCRLF\r\nLF\n${n}\n\n`,
  (n) => `Grüße ${n}, 世界, 😀, שלום`,
  (n) => `: ${n}\nid: 1\ndata: no field\n\nevent: none\n\n`,
  (n) => `\u{feff} \u{2028}${n}\u{85} `,
  (n, below) => `${n} ${'0123456789é'.repeat(1 + below(40))}`,
];

// Events of every kind, some with ids of their producer's.
function makeEvents(below, count, run = 'run-7') {
  return Array.from({ length: count }, (_, n) => ({
    text: TEXTS[below(TEXTS.length)](n, below),
    ...(below(2) ? { type: ['tick', 'build.step', 'größe'][below(3)] } : {}),
    ...(below(3) ? {} : { id: `${run}/step=${n}` }),
  }));
}

// What a page has to show for them; the ids that are cursors are compared elsewhere.
const shown = ({ type = 'message', text, id }) => ({ type, data: text.replaceAll(/\r\n?/g, '\n'), id });
const withoutCursors = (events) => events.map(({ type, data, id }) => ({ type, data, id: CURSOR.test(id) ? undefined : id }));
const DONE = { type: 'message', data: '[DONE]', id: undefined };

function assertCursorsGoUp(seen) {
  const offsets = seen.map(({ id }) => CURSOR.exec(id)?.[1]).filter(Boolean).map(Number);
  assert.deepEqual(offsets, [...new Set(offsets)].sort((a, b) => a - b), 'cursors go up');
}

// Cuts every response of a stream after some hundred bytes, one in eight within its head. No event is as large as the
// longest of these stretches.
function everyFewHundredBytes(target) {
  const below = random(SEED, target);
  return (request) => {
    if (request.target !== target) return undefined;
    const how = below(2) ? RST : FIN;
    // A browser may take a head that ends with a FIN for a whole answer, and one of the wrong type. So that is a reset, and
    // not the first one, since it comes before the stream's own `retry`.
    if (request.nth > 0 && below(8) === 0) return afterBytes(below(200), RST);
    return afterHead(30 + below(1600), how);
  };
}

// Waits until a page that came back would have: a second stream of the page is cut twice, and comes back twice.
async function assertStaysAway(proxy, page, target) {
  const requests = proxy.of(target);
  const control = eventsOf('control');
  const { cut } = proxy;
  proxy.cut = (request) => (request.target === control ? afterHead(20, FIN) : cut(request));
  const reader = await follow(page, control);
  await proxy.until('the other stream to come back', () => proxy.of(control).length >= 3, MS);
  await reader.close();
  proxy.cut = cut;
  assert.equal(proxy.of(target).length, requests.length, 'no request after the 204');
}

// The readers of a stream, one unless said otherwise, came at its end, got 204, and that was their last request.
function assertStopped(proxy, target, lastCursor, readers = 1) {
  const requests = proxy.of(target);
  assert.deepEqual(requests.filter(({ status, cut }) => status === 204 && !cut).map(({ lastEventId }) => lastEventId),
                   Array(readers).fill(lastCursor));
  assert.equal(requests.at(-1).status, 204);
}

// A bridge and a producer for all tests of a file in one engine, and how to compare what its pages show.
//
// `gluesBrokenEvents`: WebKit keeps what came of an event when its connection breaks, and glues what the next connection
// brings to it. So there the text of the first event after a break may have the rest of a broken one before its own; then all
// else about that event has to be right.
function useKit(browser, { gluesBrokenEvents = false } = {}) {
  const bridge = useBridge('--retry=100ms', '--demo');
  const producer = useProducer(bridge);
  const mendText = (text, wanted) => (gluesBrokenEvents && text.endsWith(`\n${wanted}`) ? wanted : text);
  const mend = (event, wanted) => ({ ...event, data: mendText(event.data, wanted?.data) });
  const assertSeen = (seen, wanted, message) => {
    assert.deepEqual(seen.map((event, index) => mend(event, wanted[index])), wanted, message);
  };
  const assertShows = (seen, events, ...more) => {
    assertSeen(withoutCursors(seen), [...events.map(shown), ...more]);
    assertCursorsGoUp(seen);
  };
  return { assertSeen, assertShows, bridge, browser, mendText, producer };
}

module.exports = {
  CURSOR, DONE, SEED, assertCursorsGoUp, assertStaysAway, assertStopped, everyFewHundredBytes, makeEvents, shown, useKit,
  withoutCursors,
};
