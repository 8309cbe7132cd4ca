'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { useProducer, value } = require('./lib/producer.js');
const { chromium, nodeReaders } = require('./lib/readers.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--retry=100ms');
const browser = useBrowser();
const producer = useProducer(bridge);
const readers = { 'Chromium EventSource': chromium(browser, bridge), ...nodeReaders };

const CURSOR = /^[a-z2-7]{13}-(0|[1-9]\d*)$/;
const TYPES = ['tick', 'build.step'];
const LINES = Array.from({ length: 20000 }, (_, line) => `line ${line}`).join('\n');

const EVENTS = [
  { text: 'plain' },
  { type: 'tick', text: 'with a type' },
  { id: 'job-7/step=1', text: 'with an id' },
  { type: 'build.step', id: 'job-7/step=2', text: 'with both' },
  { text: 'three\nlines\nof text' },
  { text: '' },
  {},
  { text: 'Grüße, 世界, 😀, שלום' },
  { text: ' a leading space' },
  { text: 'colon: here' },
  { text: 'x'.repeat(64 * 1024) },
  { text: LINES },
  { json: value({ percent: 42, done: false, tags: ['a', null] }) },
  { text: 'the last one' },
];

const DATA = EVENTS.map((event) => (event.json ? undefined : event.text ?? ''));

// What a reader has to have seen: every event, in order, then the end of the stream.
function verify(seen) {
  assert.deepEqual(seen.map(({ type }) => type), [...EVENTS.map(({ type }) => type ?? 'message'), 'message']);
  assert.equal(seen.at(-1).data, '[DONE]');
  for (const [index, event] of EVENTS.entries()) {
    if (event.json) {
      assert.deepEqual(JSON.parse(seen[index].data), { percent: 42, done: false, tags: ['a', null] });
    } else {
      assert.ok(seen[index].data === DATA[index], `event ${index}: ${JSON.stringify(seen[index].data.slice(0, 100))}`);
    }
    if (event.id) assert.equal(seen[index].id, event.id);
    else assert.match(seen[index].id, CURSOR);
  }
  const offsets = seen.map(({ id }) => CURSOR.exec(id)?.[1]).filter(Boolean).map(Number);
  assert.deepEqual(offsets, [...offsets].sort((a, b) => a - b), 'cursors go up');
}

const publish = (topic) => producer.publish(
    { topic, events: EVENTS.slice(0, 5) }, { events: EVENTS.slice(5, 11) }, { events: EVENTS.slice(11) }, { end: {} });

for (const [name, open] of Object.entries(readers)) {
  const slug = name.replaceAll(/[^A-Za-z]+/g, '-');

  test(`${name} receives what a producer publishes, then [DONE], and then the connection ends`, async (t) => {
    const topic = `live.${slug}`;
    const reader = await open(t, bridge.events(topic), TYPES);
    await until('the subscription', async () => (await producer.getTopic(topic))?.subscribers === 1);
    const answer = await publish(topic);
    assert.equal(answer.accepted, EVENTS.length);
    assert.match(answer.lastCursor, CURSOR);
    await reader.ended();
    const seen = await reader.events();
    verify(seen);
    assert.equal(seen.at(-1).id, answer.lastCursor, 'the end is the last entry of the call');
  });

  test(`${name} opened late sees the events from the first one`, async (t) => {
    const topic = `late.${slug}`;
    await publish(topic);
    const reader = await open(t, bridge.events(topic), TYPES);
    await reader.ended();
    verify(await reader.events());
  });
}

test('a page that opens in the middle sees the first events, then the next ones as they come', async (t) => {
  const call = producer.open();
  call.write({ topic: 'middle', events: [{ text: '1' }, { text: '2' }] });
  await until('the first two', async () => (await producer.getTopic('middle'))?.events === 2);
  const reader = await readers['Chromium EventSource'](t, bridge.events('middle'), []);
  await until('two events in the page', async () => (await reader.events()).length === 2);
  call.write({ events: [{ text: '3' }] });
  await until('the third event in the page', async () => (await reader.events()).length === 3);
  call.write({ end: {} });
  call.end();
  await reader.ended();
  assert.deepEqual((await reader.events()).map(({ data }) => data), ['1', '2', '3', '[DONE]']);
});
