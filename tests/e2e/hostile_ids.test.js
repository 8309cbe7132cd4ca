'use strict';

// What may come as Last-Event-ID, and where a stream then begins: groups 19-24 of the table in tests/README.md. Never an
// error status, which would stop an EventSource for good, and never silence about what was lost.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { MARK, checkHead, get, latin1, play, refused, useScene } = require('./lib/hostile.js');
const { decode } = require('./lib/readers.js');
const { until } = require('./lib/until.js');

const scene = useScene();
const TARGET = '/v1/topics/ids/events';

// Where the log is; filled before the rows are sent.
const log = {};

test('before: a topic has two events, and another topic has one with an id', async () => {
  const { lastCursor } = await scene.producer.batch({ topic: 'ids', events: [{ text: 'first', id: 'one' }, { text: 'second', id: 'two' }] });
  [log.epoch, log.last] = lastCursor.split('-');
  log.last = Number(log.last);
  ({ lastCursor: log.elsewhere } = await scene.producer.batch({ topic: 'elsewhere', events: [{ text: 'secret', id: 'theirs' }] }));
});

const asked = (...fields) => get(TARGET, 'Accept: text/event-stream', ...fields);
const withId = (id) => asked(`Last-Event-ID: ${id}`);
const cursor = (offset) => () => withId(`${log.epoch}-${offset}`);

// The events with which an open stream begins; `texts` are those of the log.
function begins(says, texts, check = () => {}) {
  return {
    says,
    async check(t, bridge, bytes) {
      const raw = await play(t, bridge, bytes);
      await raw.until(texts.at(-1), () => raw.text.includes(`data: ${texts.at(-1)}\n\n`));
      checkHead(raw.head.lines);
      assert.equal(raw.head.line, 'HTTP/1.1 200 OK');
      const events = decode(raw.text);
      const gaps = events.filter(({ type }) => type === 'sluice.gap');
      assert.deepEqual(events.filter(({ type }) => type === 'message').map(({ data }) => data), texts);
      check(gaps.map(({ data }) => JSON.parse(data)), events);
      assert.equal(events.length, gaps.length + texts.length);
    },
  };
}

// All that is retained, behind a gap that names what was asked for.
const gap = (requested, reason = 'unknown_id') => begins(`a gap, ${reason}, and everything retained`, ['first', 'second'], (gaps, events) => {
  const wanted = typeof requested === 'function' ? requested() : requested;
  assert.deepEqual(gaps, [{ requested: wanted, resumed: events[0].id, reason, topics: ['ids'] }]);
  assert.equal(events[0].type, 'sluice.gap', 'the gap comes first');
  assert.match(events[0].id, /^[a-z2-7]{13}-\d+$/);
});
const everything = begins('everything retained, and no gap', ['first', 'second'], (gaps) => assert.deepEqual(gaps, []));
const rest = begins('the rest, and no gap', ['second'], (gaps) => assert.deepEqual(gaps, []));

const odd = (what, id, seen = id) => [what, withId(id), gap(seen)];
const strict = (number) => [`the number ${JSON.stringify(number)}`, withId(number), gap(number.trim())];

scene.rows({
  '19 rubbish': [
    odd('abc', 'abc'),
    odd('10 KiB', 'x'.repeat(10 << 10)),
    odd('an emoji', latin1('😀'), '😀'),
    odd('characters that are separators elsewhere', latin1('a\u2028b\u0085c'), 'a\u2028b\u0085c'),
    odd('one byte of Latin-1', 'caf\xe9', 'caf\ufffd'),
    odd('bytes that are not UTF-8', 'a\xff\xfe\xc0\xafb', 'a\ufffd\ufffd\ufffd\ufffdb'),
    odd('controls', 'a\x01\x02\x08\x0b\x0c\x1b[31mb\x7f', 'a\u0001\u0002\b\u000b\f\u001b[31mb\u007f'),
    odd('a tab inside', 'a\tb'),
    odd('quotes and brackets', '"<a href=\'x\'>&amp;\\"'),
    odd('braces', '{"requested":"x"}'),
    odd('fields of an event', 'x data: y id: z'),
    odd('a percent escape', '%0d%0adata:%20x'),
    odd('a prototype', '__proto__'),
    odd('128 bytes of an id', 'i'.repeat(128)),
    odd('a format', '%n%s%d{}${x}'),
    odd(MARK, MARK),
    ['a bare CR inside', withId('a\rb'), refused(400)],
    ['NUL inside', withId('a\0b'), refused(400)],
    ['a bare LF inside', withId('a\nb'), refused(400)],
    ['a line break and another field', withId(`a\r\nX-Field: ${MARK}`), gap('a')],
    ['folded', withId('a\r\n b'), refused(400)],
    ['rubbish in the query', asked().replace(TARGET, `${TARGET}?last_event_id=%00%0d%0a%3Ca%3E`), gap('\0\r\n<a>')],
  ],

  '20 numbers': [
    ...['0', '1', '-1', '+5', ' 5 ', '05', '5.0', '1e3', '0x5', '18446744073709551616', '18446744073709551617', '99999999999999999999999', 'NaN',
        'Infinity'].map(strict),
    ...['-1', '+1', '01', '1e0', '0x1', '1 ', '', ' 1', '1.', '.1', '1,1', '1-1', '\uff11'].map((offset) => [
      `the epoch and "${offset}"`, () => withId(`${log.epoch}-${latin1(offset)}`),
      offset === '1 ' ? begins('as without the space', ['first', 'second']) : gap(() => `${log.epoch}-${offset}`.trim()),
    ]),
    ...['9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616', '18446744073709551617',
        `1${'0'.repeat(200)}`].map((offset) => [
      `the epoch and ${offset.slice(0, 30)}`, cursor(offset), gap(() => `${log.epoch}-${offset}`),
    ]),
    ['the epoch in capitals', () => withId(`${log.epoch.toUpperCase()}-1`), gap(() => `${log.epoch.toUpperCase()}-1`)],
    ['the epoch without its last character', () => withId(`${log.epoch.slice(0, -1)}-1`), gap(() => `${log.epoch.slice(0, -1)}-1`)],
    ['the epoch alone', () => withId(log.epoch), gap(() => log.epoch)],
  ],

  '21 another life of the log': [
    ["another epoch's cursor", withId('aaaaaaaaaaaaa-1'), gap('aaaaaaaaaaaaa-1', 'epoch_changed')],
    ["another epoch's cursor far ahead", withId('aaaaaaaaaaaaa-18446744073709551615'), gap('aaaaaaaaaaaaa-18446744073709551615', 'epoch_changed')],
    ['a cursor beyond the end of this log', cursor(1e15), gap(() => `${log.epoch}-${1e15}`)],
  ],

  '22 places in the log': [
    ['the cursor before it', () => withId(`${log.epoch}-${log.last - 1}`), rest],
    ['the id of the first event', withId('one'), rest],
    ['an id in capitals', withId('ONE'), gap('ONE')],
  ],

  '23 header and query': [
    ['a header that knows more than the query', asked('Last-Event-ID: one').replace(TARGET, `${TARGET}?last_event_id=two`), rest],
    ['a header of rubbish and a good query', asked('Last-Event-ID: x').replace(TARGET, `${TARGET}?last_event_id=two`), gap('x')],
    ['two headers', asked('Last-Event-ID: one', 'Last-Event-ID: two'), rest],
    ['two headers, the second of rubbish', asked('Last-Event-ID: one', `Last-Event-ID: ${MARK}\x01`), rest],
    ['an empty header', asked('Last-Event-ID:'), everything],
    ['a header of spaces', asked('Last-Event-ID:  \t '), everything],
    ['an empty header and a query', asked('Last-Event-ID: ').replace(TARGET, `${TARGET}?last_event_id=one`), rest],
    ['an empty query', asked().replace(TARGET, `${TARGET}?last_event_id=`), everything],
    ['the query twice', asked().replace(TARGET, `${TARGET}?last_event_id=one&last_event_id=two`), rest],
    ['a name in another case', asked('LAST-EVENT-ID: one'), rest],
    ['an id and last', asked('Last-Event-ID: one').replace(TARGET, `${TARGET}?last=2`), rest],
    ['an id and from', asked('Last-Event-ID: one').replace(TARGET, `${TARGET}?from=earliest`), rest],
  ],

  '24 ids of other topics': [
    ["another topic's id", withId('theirs'), gap('theirs')],
    ['an id that nobody ever used', withId('nobodys'), gap('nobodys')],
  ],
});

test('22, 24: behind the last cursor, the last id or a later cursor of another topic, the next event is the first', async (t) => {
  const ids = [`${log.epoch}-${log.last}`, 'two', log.elsewhere];
  const raws = await Promise.all(ids.map((id) => play(t, scene.bridge, withId(id))));
  await until('the subscriptions', async () => (await scene.subscribers('ids')) === ids.length);
  await scene.producer.batch({ topic: 'ids', events: [{ text: 'third' }], end: {} });
  for (const raw of raws) {
    await raw.untilClosed();
    assert.deepEqual(decode(raw.text).map(({ data }) => data), ['third', '[DONE]']);
  }
});

scene.close();
