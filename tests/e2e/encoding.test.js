'use strict';

// What a producer sends as text is what a reader gets as `data`, but for line breaks, which all become LF.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { failure, status, useProducer, value, violations } = require('./lib/producer.js');
const { chromium, decode } = require('./lib/readers.js');
const { openStream } = require('./lib/raw.js');

const bridge = useBridge('--retry=100ms');
const browser = useBrowser();
const producer = useProducer(bridge);

const ROWS = [
  ['nothing', '', ''],
  ['a line feed', 'a\nb', 'a\nb'],
  ['a carriage return', 'a\rb', 'a\nb'],
  ['both', 'a\r\nb', 'a\nb'],
  ['the two the wrong way round', 'a\n\rb', 'a\n\nb'],
  ['fields behind a carriage return', 'x\rid: 666\rdata: INJ', 'x\nid: 666\ndata: INJ'],
  ['a whole event inside', 'x\n\ndata: fake\n\n', 'x\n\ndata: fake\n\n'],
  ['an id line inside', 'x\nid: 0\n', 'x\nid: 0\n'],
  ['a retry line inside', 'x\nretry: 0\n', 'x\nretry: 0\n'],
  ['one line break alone', '\n', '\n'],
  ['a line break at the end', 'a\n', 'a\n'],
  ['a carriage return at the end', 'a\r', 'a\n'],
  ['a line break at the start', '\na', '\na'],
  ['a leading space', ' x', ' x'],
  ['two leading spaces', '  x', '  x'],
  ['only a space', ' ', ' '],
  ['a leading tab', '\tx', '\tx'],
  ['a leading colon', ':x', ':x'],
  ['a field name', 'data', 'data'],
  ['a field', 'event: x', 'event: x'],
  ['separators that are no line breaks', 'a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg\u001dh\u001ei', 'a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg\u001dh\u001ei'],
  ['a byte order mark first', '\ufeffa', '\ufeffa'],
  ['a byte order mark alone', '\ufeff', '\ufeff'],
  ['characters beyond the basic plane', '😀𝄞👩‍👩‍👧', '😀𝄞👩‍👩‍👧'],
  ['noncharacters and the replacement character', '\uffff\ufffd\u{10ffff}', '\uffff\ufffd\u{10ffff}'],
  ['other controls', '\u0001\u0008\u001b[0m\u007f', '\u0001\u0008\u001b[0m\u007f'],
  ['almost the end marker', '[DONE] ', '[DONE] '],
  ['the end marker among lines', '[DONE]\nx', '[DONE]\nx'],
  ['a line above 64 KiB', 'y'.repeat(70000), 'y'.repeat(70000)],
  ['exactly 1 MiB', 'z'.repeat(1 << 20), 'z'.repeat(1 << 20)],
  ['20,000 lines', 'line\n'.repeat(20000), 'line\n'.repeat(20000)],
];

async function streamOf(t, topic) {
  const raw = await openStream(t, bridge, `/v1/topics/${topic}/events`);
  await raw.untilClosed(20000);
  return decode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.concat(raw.chunks.map((chunk) => Buffer.from(chunk)))));
}

for (const [index, [name, payload, data]] of ROWS.entries()) {
  test(`text with ${name} decodes to what it should`, async (t) => {
    const topic = `row.${index}`;
    await producer.batch({ topic, events: [{ text: payload }, { text: 'the next one' }], end: {} });
    const [first, ...others] = await streamOf(t, topic);
    assert.ok(first.data === data, `got ${JSON.stringify(first.data.slice(0, 200))}`);
    assert.deepEqual(others.map((event) => event.data), ['the next one', '[DONE]']);
  });
}

test('a browser decodes every row alike', async (t) => {
  for (const [, text] of ROWS) await producer.batch({ topic: 'row.all', events: [{ text }] });
  await producer.batch({ topic: 'row.all', end: {} });
  const reader = await chromium(browser, bridge)(t, bridge.events('row.all'), []);
  await reader.ended(30000);
  const seen = (await reader.events()).map((event) => event.data);
  for (const [index, [name, , data]] of ROWS.entries()) assert.ok(seen[index] === data, name);
  assert.equal(seen.length, ROWS.length + 1);
});

test('1,000 random texts decode to themselves', async (t) => {
  let seed = 20261121;
  const random = (below) => {  // a fixed sequence, so that a failure can be run again
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const pieces = ['\n', '\r', '\r\n', ' ', ':', 'id: ', 'data: ', 'event', 'retry: 1', 'a', 'é', '世', '😀', '\u2028', '\ufeff', '\t', '[DONE]'];
  const texts = Array.from({ length: 1000 }, () => Array.from({ length: random(12) }, () => pieces[random(pieces.length)]).join(''))
      .filter((text) => text !== '[DONE]');
  await producer.batch({ topic: 'row.random', events: texts.map((text) => ({ text })), end: {} });
  const seen = await streamOf(t, 'row.random');
  for (const [index, text] of texts.entries()) {
    assert.equal(seen[index].data, text.replaceAll(/\r\n|\r/g, '\n'), `text ${index}: ${JSON.stringify(text)}`);
  }
  assert.equal(seen.length, texts.length + 1);
});

test('json becomes one compact line, whatever is in its strings', async (t) => {
  const rows = [
    { text: 'a\nb\r\u0000\u2028"\\', number: 0.1, big: 9007199254740991, list: [], map: {}, none: null, yes: true },
    'a\nstring', 42, -0.5, 1e21, true, null, [1, [2, [3]]],
  ];
  await producer.batch({ topic: 'row.json', events: rows.map((row) => ({ json: value(row) })), end: {} });
  const seen = await streamOf(t, 'row.json');
  for (const [index, row] of rows.entries()) {
    assert.deepEqual(JSON.parse(seen[index].data), row);
    assert.ok(!seen[index].data.includes('\n'));
  }
  assert.ok(!/[:,] /.test(seen[0].data), `compact: ${seen[0].data}`);
});

const REFUSED = [
  ['text with U+0000', { text: 'a\0b' }, 'text'],
  ['text that is exactly [DONE]', { text: '[DONE]' }, 'text'],
  ['an id with a space', { id: 'a b' }, 'id'],
  ['an id with a line break', { id: 'a\nb' }, 'id'],
  ['an id beyond ASCII', { id: 'é' }, 'id'],
  ['an id of 129 bytes', { id: 'i'.repeat(129) }, 'id'],
  ['an id of the shape of a cursor', { id: 'abcdefghij234-17' }, 'id'],
  ['a type with a line break', { type: 'a\nb' }, 'type'],
  ['a type with a control', { type: 'a\u0001' }, 'type'],
  ['a type of 129 bytes', { type: 't'.repeat(129) }, 'type'],
  ['the type open', { type: 'open' }, 'type'],
  ["a type of the server's own", { type: 'sluice.gap' }, 'type'],
  ['a retry of 0', { retry: { seconds: 0 } }, 'retry'],
  ['a retry below 100 ms', { retry: { nanos: 99000000 } }, 'retry'],
  ['a retry above a day', { retry: { seconds: 86401 } }, 'retry'],
  ['a negative retry', { retry: { seconds: -1 } }, 'retry'],
];

for (const [name, event, field] of REFUSED) {
  test(`${name} is INVALID_ARGUMENT, names the field, and stores nothing`, async () => {
    const error = await failure(producer.batch({ topic: 'row.refused', events: [{ text: 'fine' }, event] }));
    assert.equal(error.code, status.INVALID_ARGUMENT, error.message);
    assert.equal(violations(error)[0].field, `requests[0].events[1].${field}`);
    assert.ok(violations(error)[0].description.length > 0);
    assert.equal(await producer.getTopic('row.refused'), undefined);
  });
}

test('an event above max_event_bytes is RESOURCE_EXHAUSTED and says which limit', async () => {
  const error = await failure(producer.batch({ topic: 'row.big', events: [{ text: 'z'.repeat((1 << 20) + 1) }] }));
  assert.equal(error.code, status.RESOURCE_EXHAUSTED);
  assert.match(error.details, /max_event_bytes/);
});
