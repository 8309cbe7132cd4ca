'use strict';

// Settings that topics get by their names, from the rules in the settings file.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { BRIDGE, useBridge } = require('./lib/bridge.js');
const { Child } = require('./lib/process.js');
const { failure, status, useProducer } = require('./lib/producer.js');
const { openStream } = require('./lib/raw.js');
const { decode } = require('./lib/readers.js');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-settings-'));
after(() => fs.rmSync(folder, { recursive: true }));

function settingsFile(name, text) {
  const file = path.join(folder, name);
  fs.writeFileSync(file, text);
  return file;
}

const bridge = useBridge(`--config=${settingsFile('bridge.yaml', `
retention_events: 7
retention_age: 30m
topics:
  - match: price.eur
    retention_events: 2
  - {match: price.*, retention_events: 1, retention_bytes: 1MiB, retention_age: 10m, slow_reader: disconnect, coalesce: true}
  - match: "*.small"
    retention_bytes: 10
  - match: live.>
    default_start: latest
    omit_done_marker: true
`)}`, '--retention_events=8');
const producer = useProducer(bridge);

const texts = (...all) => all.map((text) => ({ text }));
const SERVER = {
  retentionEvents: 8, retentionBytes: 8 * 1024 * 1024, retentionAge: { seconds: 1800, nanos: 0 }, defaultStart: 'START_EARLIEST',
  slowReader: 'SLOW_READER_GAP', coalesce: false, omitDoneMarker: false,
};
const PRICE = {
  ...SERVER, retentionEvents: 1, retentionBytes: 1024 * 1024, retentionAge: { seconds: 600, nanos: 0 },
  slowReader: 'SLOW_READER_DISCONNECT', coalesce: true,
};
const LIVE = { ...SERVER, defaultStart: 'START_LATEST', omitDoneMarker: true };

for (const [topic, settings] of [
  ['price.usd', PRICE],
  ['price.eur', { ...SERVER, retentionEvents: 2 }],
  ['price', SERVER],
  ['price.usd.spot', SERVER],
  ['a.small', { ...SERVER, retentionBytes: 10 }],
  ['live.tv', LIVE],
  ['live.tv.1', LIVE],
]) {
  test(`${topic} has the settings of the first rule that matches it, made by an event or by CreateTopic`, async () => {
    await producer.batch({ topic, events: texts('x') });
    assert.deepEqual((await producer.getTopic(topic)).settings, settings);
    await producer.batch({ topic, end: {} });
    const again = await producer.createTopic({ topic, replaceEnded: true });
    assert.deepEqual(again.topic.settings, settings);
    await producer.batch({ topic, end: {} });
    await producer.createTopic({ topic, replaceEnded: true, settings: { retentionEvents: 5 } });
    assert.deepEqual((await producer.getTopic(topic)).settings, { ...settings, retentionEvents: 5 });
  });
}

test('a topic of price.* keeps exactly its last event', async (t) => {
  const pairs = ['price.gbp', 'price.chf', 'price.jpy', 'price.a.b'];
  const call = producer.open();
  for (let i = 1; i <= 20; ++i) {
    for (const topic of pairs) call.write({ topic, events: texts(`${topic} ${i}`) });
  }
  call.end();
  assert.equal((await call.response).accepted, 80);
  for (const topic of pairs) {
    const kept = topic === 'price.a.b' ? 8 : 1;
    assert.equal((await producer.getTopic(topic)).events, kept, topic);
    const reader = await openStream(t, bridge, `/v1/topics/${topic}/events`);
    await reader.until('the last event', () => reader.text.includes(`${topic} 20\n`));
    const expected = Array.from({ length: kept }, (_, i) => `${topic} ${21 - kept + i}`);
    assert.deepEqual(decode(reader.text).map(({ data }) => data), expected);
  }
});

test("an event larger than its rule's retention_bytes is refused by name, and no topic is made", async () => {
  const error = await failure(producer.batch({ topic: 'b.small', events: texts('12345678901') }));
  assert.equal(error.code, status.RESOURCE_EXHAUSTED);
  assert.match(error.details, /retention_bytes, 10/);
  assert.equal(await producer.getTopic('b.small'), undefined);
  await producer.batch({ topic: 'b.small', events: texts('1234567890') });
  assert.equal((await producer.getTopic('b.small')).events, 1);
});

test('a stream that is there before its topic starts and ends as the rule says', async (t) => {
  const reader = await openStream(t, bridge, '/v1/topics/live.radio/events');
  await reader.until('its place', () => decode(reader.text).length === 1);
  const [place] = decode(reader.text);
  assert.equal(place.type, 'sluice.position');
  assert.deepEqual((await producer.getTopic('live.radio')).settings, LIVE);

  // What comes between two connections is not missed.
  reader.close();
  await producer.batch({ topic: 'live.radio', events: texts('first'), end: {} });
  const back = await openStream(t, bridge, '/v1/topics/live.radio/events', `Last-Event-ID: ${place.id}`);
  await back.untilClosed();
  assert.deepEqual(decode(back.text).map(({ data }) => data), ['first']);
  assert.ok(back.chunked.last);
});

for (const [name, text, message] of [
  ['a bound', 'topics:\n  - match: a\n    retention_events: 0\n', /:3: topics\[0\]\.retention_events=0: must be a whole number, 1 to 1000000000/],
  ['an unknown key', 'topics:\n  - match: a\n    keep: 1\n', /:3: topics\[0\]\.keep: there is no such setting/],
  ['a near key', 'topics:\n  - match: a\n    retention_agee: 1h\n', /did you mean retention_age\?/],
  ['no match', 'topics:\n  - coalesce: true\n', /:2: topics\[0\]: match is missing/],
  ['a bad pattern', 'topics:\n  - match: price.>.x\n', /:2: topics\[0\]\.match=price\.>\.x: must be a topic's name or a pattern/],
  ['a mapping for a list', 'topics:\n  match: a\n', /:1: topics: must be a list of rules/],
  ['a rule that is never used', 'topics:\n  - match: ">"\n  - match: a\n', /:3: topics\[1\]\.match=a: is never used/],
]) {
  test(`a file with ${name} exits 2 and names file, line, rule and key`, async () => {
    const file = settingsFile('bad.yaml', text);
    const { code, stderr, stdout } = await new Child(BRIDGE, [`--config=${file}`]).wait();
    assert.equal(code, 2, stderr);
    assert.ok(stderr.includes(`${file}:`), stderr);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  });
}

test('rules are not a flag', async () => {
  const { code, stderr } = await new Child(BRIDGE, ['--topics=[]']).wait();
  assert.equal(code, 2, stderr);
  assert.match(stderr, /--topics: can only be in the file/);
});
