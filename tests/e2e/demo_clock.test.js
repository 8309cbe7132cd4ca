'use strict';

// The demo's clock, as somebody sees it who opens the page.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { PATIENCE, reads, sees, useDemo, useProducers } = require('./lib/demo.js');
const { useProducer } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const { bridge, open } = useDemo();
useProducers(bridge);
const producer = useProducer(bridge);

test('the clock was running before the page came, and goes on tick by tick', async (t) => {
  await until('a few ticks', async () => (await producer.getTopic('clock'))?.events >= 3, PATIENCE);
  const page = await open(t, '/clock');
  await sees(page, '#state', 'live');
  await sees(page, '#time', /^\d\d:\d\d:\d\d$/);
  const before = Number(await reads(page, '#before'));
  assert.ok(before >= 3);
  assert.ok(await page.locator('#ring .before').count() >= 3);
  const times = new Set();
  await until('three ticks', async () => times.add(await reads(page, '#time')).size > 3, PATIENCE);
  await sees(page, '#since', /^([3-9]|\d\d+)$/);
  assert.equal(Number(await reads(page, '#before')), before);
  // Each once: what the page counts is what the topic has had.
  await until('all ticks', async () => {
    const since = Number(await reads(page, '#since'));
    return before + since === (await producer.getTopic('clock')).events;
  }, PATIENCE);
});

test('without a clock the page says so, and shows one as soon as it runs', async (t) => {
  const page = await open(t, '/clock');
  await page.route('**/clock/**', (route) => route.continue({ url: route.request().url().replace('/clock/', '/no.clock/') }));
  await page.reload();
  await sees(page, '#hint', 'Nobody runs this clock. scripts/run.sh starts one.');
  await sees(page, '#time', '--:--:--');
  await producer.batch({ topic: 'no.clock', events: [{ text: '12:00:07' }] });
  await sees(page, '#time', '12:00:07');
  assert.deepEqual([await reads(page, '#before'), await reads(page, '#since')], ['0', '1']);
  assert.equal(await page.locator('#hint').isVisible(), false);
});
