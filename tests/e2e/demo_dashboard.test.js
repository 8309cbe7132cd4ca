'use strict';

// The demo's dashboard: its numbers are read from the page, and have to be what the test has done to the bridge.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { PATIENCE, reads, sees, useDemo } = require('./lib/demo.js');
const { useProducer } = require('./lib/producer.js');
const { openStream } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const { bridge, open } = useDemo();
const producer = useProducer(bridge);

// The number in a text that somebody reads, as in "1,204 in all".
const numberIn = (text) => Number(text.replaceAll(',', '').match(/\d+/)[0]);

// A gauge's value, and the line below it.
const gauge = async (page, id) => ({
  value: await reads(page, `#${id}`),
  more: await reads(page, `.gauge:has(#${id}) .more`),
});

async function dashboard(t) {
  const page = await open(t, '/dashboard');
  await sees(page, '#state', 'live');
  await sees(page, '#streams', /^\d+$/);
  return page;
}

test('open streams are counted as they come and go', async (t) => {
  const page = await dashboard(t);
  await sees(page, '#streams', '1');
  const streams = [];
  for (let i = 0; i < 7; ++i) streams.push(await openStream(t, bridge, `/v1/topics/some.${i % 3}/events`));
  await sees(page, '#streams', '8');
  const other = await dashboard(t);
  await sees(other, '#streams', '9');
  await sees(page, '#streams', '9');
  for (const stream of streams.slice(0, 4)) stream.close();
  for (const one of [page, other]) await sees(one, '#streams', '5');
});

test('events, deliveries, topics and bytes are what was published and read', async (t) => {
  const page = await dashboard(t);
  const readers = [];
  for (let i = 0; i < 5; ++i) readers.push(await openStream(t, bridge, '/v1/topics/counted/events'));
  const inAll = async (id) => numberIn((await gauge(page, id)).more);
  await sees(page, '#streams', '6');
  const before = { published: await inAll('published'), deliveries: await inAll('deliveries'), topics: Number(await reads(page, '#topics')) };
  await producer.batch({ topic: 'counted', events: Array.from({ length: 100 }, () => ({ text: 'x'.repeat(1000) })) });
  await producer.batch({ topic: 'counted.too', events: [{ text: 'x' }] });
  await until('the deliveries', async () => await inAll('deliveries') >= before.deliveries + 500, PATIENCE);
  await until('the events', async () => await inAll('published') >= before.published + 101, PATIENCE);
  // Beside them there are the page's own events alone, one a second.
  const own = 100;
  const published = await inAll('published') - before.published;
  assert.ok(published < 101 + own, `${published} published`);
  const deliveries = await inAll('deliveries') - before.deliveries;
  assert.ok(deliveries < 500 + own, `${deliveries} deliveries`);
  await sees(page, '#topics', String(before.topics + 2));
  const sent = (await gauge(page, 'sent')).more;
  assert.match(sent, /^\d+(\.\d)? (KiB|MiB) in all$/);
  assert.ok(sent.includes('MiB') || Number.parseFloat(sent) > 480, sent);
  assert.match(await reads(page, '#memory'), /^\d+(\.\d)? MiB$/);
});

test('the numbers move by themselves, with a curve behind each', async (t) => {
  const page = await dashboard(t);
  const seen = new Set();
  await until('the number of events to move', async () => seen.add((await gauge(page, 'published')).more).size > 2, PATIENCE);
  assert.equal(await page.locator('.gauge .curve').count(), 8);
  const points = async () => (await page.getAttribute('.gauge:has(#streams) .curve', 'points')).split(' ').length;
  const before = await points();
  await until('the curve to grow', async () => await points() > before, PATIENCE);
});

test('gaps are counted as they are told', async (t) => {
  const page = await dashboard(t);
  const before = Number(await reads(page, '#gaps'));
  await producer.batch({ topic: 'gappy', events: [{ text: 'x' }] });
  const stream = await openStream(t, bridge, '/v1/topics/gappy/events?last_event_id=nobody-knows-this');
  await stream.until('a gap', () => stream.text.includes('sluice.gap'));
  await sees(page, '#gaps', String(before + 1));
});

test('nobody publishes to the topic that it reads', async () => {
  const response = await fetch(bridge.events('sluice.stats'), { method: 'POST', body: '{}' });
  assert.equal(response.status, 400);
  await assert.rejects(producer.batch({ topic: 'sluice.stats', events: [{ text: '{}' }] }), /the server's own/);
});
