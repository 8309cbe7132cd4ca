'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge, useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { useProducer } = require('./lib/producer.js');
const { exchange } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--demo', '--retry=100ms');
const browser = useBrowser();
const producer = useProducer(bridge);

// The demo page, which must have nothing to complain of and fetch nothing from elsewhere.
async function open(t, path = '/') {
  const page = await browser.page(t);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (new URL(request.url()).protocol.startsWith('http') && !request.url().startsWith(bridge.http)) complaints.push(request.url());
  });
  t.after(() => assert.deepEqual(complaints, []));
  await page.goto(`${bridge.http}${path}`);
  return page;
}

const state = (page, name, wanted) => page.waitForSelector(`#${name}-state[data-state="${wanted}"]`, { timeout: 10000 });

test('the page shows the clock ticking, live', async (t) => {
  const page = await open(t);
  await state(page, 'clock', 'live');
  for (const time of ['12:00:00', '12:00:01', '12:00:02']) {
    await producer.batch({ topic: 'clock', events: [{ text: time }] });
    await page.waitForFunction((time) => document.getElementById('clock').textContent === time, time, { timeout: 10000 });
  }
});

test('the page follows a topic line by line, as text, and closes on [DONE]', async (t) => {
  const page = await open(t);
  await page.fill('#topic', 'page.log');
  await page.click('#start');
  await state(page, 'follow', 'live');
  const lines = () => page.$$eval('#log div', (all) => all.map((line) => line.textContent));
  const call = producer.open();
  call.write({ topic: 'page.log', events: [{ text: 'first' }] });
  await until('the first line', async () => (await lines()).length === 1);
  call.write({ events: [{ text: '<b>not bold</b>' }, { text: 'two\nlines' }], end: {} });
  call.end();
  await state(page, 'follow', 'ended');
  await until('all lines', async () => (await lines()).length === 4);
  assert.deepEqual((await lines()).slice(0, 3), ['first', '<b>not bold</b>', 'two\nlines']);
  assert.equal((await producer.getTopic('page.log')).subscribers, 0);
});

test('the page shows why a topic failed', async (t) => {
  await producer.batch({ topic: 'page.failed', events: [{ text: 'x' }], end: { error: { code: 13, message: 'it broke' } } });
  const page = await open(t, '/#page.failed');
  await state(page, 'follow', 'failed');
  await page.waitForFunction(() => document.getElementById('log').textContent.includes('INTERNAL: it broke'), null, { timeout: 10000 });
});

test('the page says when the bridge refuses a topic', async (t) => {
  const page = await open(t);
  await page.fill('#topic', 'x');
  await page.evaluate(() => document.getElementById('topic').removeAttribute('pattern'));
  await page.fill('#topic', 'a..b');
  await page.click('#start');
  await state(page, 'follow', 'refused');
});

test('without --demo there is no page', async (t) => {
  const plain = await startBridge(t);
  const raw = await exchange(t, plain, 'GET / HTTP/1.1');
  assert.equal(raw.head.status, 404);
});
