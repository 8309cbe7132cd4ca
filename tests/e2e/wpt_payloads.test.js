'use strict';

// The cases of the web platform tests' `eventsource/` that tell a browser how to read a stream, turned round: there a server
// sends any bytes and the page must see this; here a producer publishes any text and each engine's page must see just that.
//
// | case | what the server must do | here |
// |---|---|---|
// | event-data, format-field-data | write a line of `data` for each line of a text, empty ones as well | texts |
// | format-newlines | take CR, LF and CRLF for line ends, and send LF alone | texts |
// | format-leading-space | put one space behind the colon, so that a text's own stays | texts |
// | format-bom, format-bom-2 | never begin a stream with a BOM, and keep a text's own | texts |
// | format-utf-8 | send UTF-8 and say so | texts, types |
// | format-comments, format-field-unknown, format-field-parsing | let no text be anything but data | texts |
// | format-null-character, format-field-id-null | refuse NUL, which the engines read differently | refused |
// | format-field-event, format-field-event-empty | leave out the field for no type | types |
// | format-field-id, format-field-id-2, format-field-id-3 | give every event an id, and never an empty one | ids |
// | format-field-retry, -retry-bogus, -retry-empty | send digits alone, and no number that makes a client spin | refused |
// | format-mime-bogus, -trailing-semicolon, -valid-bogus | send exactly `text/event-stream; charset=utf-8` | head |
// | format-data-before-final-empty-line | send again what was cut before its blank line | `lib/resume_cuts.js` |

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { useFirefox } = require('./lib/firefox.js');
const { follow, openPage } = require('./lib/follow.js');
const { failure, status, useProducer, value, violations } = require('./lib/producer.js');
const { eventsOf, startProxy } = require('./lib/proxy.js');
const { BROWSER_FIELDS, exchange } = require('./lib/raw.js');
const { useWebKit } = require('./lib/webkit.js');

const bridge = useBridge('--retry=100ms');
const producer = useProducer(bridge);
const engines = { Chromium: useBrowser(), Firefox: useFirefox(), WebKit: useWebKit() };

const CURSOR = /^[a-z2-7]{13}-(0|[1-9]\d*)$/;

// What is published -> what `event.data` is, where that is not the text itself.
const TEXTS = [
  ['a line'], [''], ['\n'], ['\n\n\n'], ['a\n'], ['\na'], ['two\nlines'], ['a\n\nb'],
  ['a\rb', 'a\nb'], ['a\r\nb', 'a\nb'], ['\r', '\n'], ['\r\n\r\n', '\n\n'], ['\n\r', '\n\n'], ['a\r', 'a\n'],
  [' one space'], ['  two'], [' '], ['\ta tab'], ['in  the   middle '],
  ['\u{feff}a BOM'], ['\u{feff}'], ['in \u{feff} the middle'],
  ['Grüße'], ['世界'], ['😀👩‍👩‍👧'], ['שלום'], ['ȧ\u{307}'], ['\u{fffd}\u{ffff}'],
  ['\u{7f}\u{1}\u{1b}[31m'], ['\u{85}\u{2028}\u{2029}\u{b}\u{c}'],
  [': a comment'], [':'], ['data: x'], ['data'], ['data:x\n\ndata:y'], ['id: 1\nevent: x\nretry: 1\nunknown: y\n\n'],
  ['[DONE] or not'], ['\n[DONE]'],
];

const TYPES = [undefined, 'tick', 'build.step', 'größe', 'error', 'message', undefined];
const IDS = [undefined, '1', '0', 'a/b+c=d~e_f.g-h', undefined, 'x'.repeat(128), 'last'];

const EVENTS = [
  ...TEXTS.map(([text, data = text]) => ({ event: { text }, shows: { data } })),
  { event: {}, shows: { data: '' } },
  { event: { json: value({ a: ['\u{0}', '\n', null, 1] }) }, shows: { data: '{"a":["\\u0000","\\n",null,1]}' } },
  ...TYPES.map((type) => ({ event: { type, text: 'typed' }, shows: { type, data: 'typed' } })),
  ...IDS.map((id) => ({ event: { id, text: 'with an id' }, shows: { id, data: 'with an id' } })),
  ...[100e6, 123e6].map((nanos) => ({ event: { text: 'with a retry', retry: { nanos } }, shows: { data: 'with a retry' } })),
  { event: { text: 'with a retry of a day', retry: { seconds: 86400 } }, shows: { data: 'with a retry of a day' } },
];

describe('what each engine reads of a stream', { concurrency: 6 }, () => {
  for (const [name, browser] of Object.entries(engines)) {
    test(`${name} shows texts, types and ids as they were published`, async (t) => {
      const topic = `payloads.${name}`;
      const target = eventsOf(topic);
      const proxy = await startProxy(t, bridge);
      const reader = await follow(await openPage(t, browser, proxy), target);
      await producer.publish({ topic, events: EVENTS.map(({ event }) => event) });
      await reader.has(EVENTS.length);
      const seen = await reader.events();
      for (const [index, { event, shows }] of EVENTS.entries()) {
        const wanted = { type: shows.type ?? 'message', id: shows.id ?? seen[index].id, data: shows.data };
        assert.deepEqual(seen[index], wanted, JSON.stringify(event));
        if (shows.id === undefined) assert.match(seen[index].id, CURSOR);
      }
      assert.equal(seen.length, EVENTS.length);
    });

    test(`heartbeats fire nothing in ${name}`, async (t) => {
      const topic = `heartbeats.${name}`;
      const target = eventsOf(topic, '?heartbeat=1');
      let beats = 0;
      const proxy = await startProxy(t, bridge, {
        cut: () => ({
          find: (bytes) => {
            beats = bytes.toString().split('\n: heartbeat\n').length - 1;
            return -1;
          },
        }),
      });
      const reader = await follow(await openPage(t, browser, proxy), target);
      await proxy.until('two heartbeats', () => beats >= 2);
      await producer.batch({ topic, events: [{ text: 'x' }], end: {} });
      assert.deepEqual((await reader.closed()).map(({ data }) => data), ['x', '[DONE]']);
    });
  }
});

const REFUSED = [
  ['NUL in a text', { text: 'a\u{0}b' }, 'text'],
  ['NUL in an id', { id: 'a\u{0}b', text: 'x' }, 'id'],
  ['NUL in a type', { type: 'a\u{0}b', text: 'x' }, 'type'],
  ['a line break in an id', { id: 'a\nb', text: 'x' }, 'id'],
  ['a carriage return in a type', { type: 'a\rb', text: 'x' }, 'type'],
  ['an id of 129 bytes', { id: 'x'.repeat(129), text: 'x' }, 'id'],
  ['an id that is not ASCII', { id: 'größe', text: 'x' }, 'id'],
  ['an id that would take a preflight', { id: 'a"b', text: 'x' }, 'id'],
  ['the type that is a connection\'s own', { type: 'open', text: 'x' }, 'type'],
  ['no time to wait', { text: 'x', retry: {} }, 'retry'],
  ['a time that runs backwards', { text: 'x', retry: { seconds: -1 } }, 'retry'],
  ['a time that overflows clients\' timers', { text: 'x', retry: { seconds: 2147484 } }, 'retry'],
  ['the end marker as a text', { text: '[DONE]' }, 'text'],
];

for (const [what, event, field] of REFUSED) {
  test(`${what} is refused`, async () => {
    const error = await failure(producer.batch({ topic: 'refused', events: [event] }));
    assert.equal(error.code, status.INVALID_ARGUMENT, error.message);
    assert.deepEqual(violations(error).map((violation) => violation.field), [`requests[0].events[0].${field}`]);
    assert.equal(await producer.getTopic('refused'), undefined, 'and nothing is there');
  });
}

test('the head says exactly what a stream is, and the bytes begin without a BOM', async (t) => {
  await producer.batch({ topic: 'head', events: [{ text: '\u{feff}x', retry: { nanos: 250e6 } }], end: {} });
  const raw = await exchange(t, bridge, 'GET /v1/topics/head/events HTTP/1.1', ...BROWSER_FIELDS.slice(1));
  assert.equal(raw.head.status, 200);
  assert.equal(raw.head.fields['content-type'], 'text/event-stream; charset=utf-8');
  assert.match(raw.text, /^retry: 100\n: [^\n]+\nid: [^\n]+\nretry: 250\ndata: \u{feff}x\n\nid: [^\n]+\ndata: \[DONE\]\n\n$/u);
});
