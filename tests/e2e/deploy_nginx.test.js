'use strict';

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { Nginx } = require('./lib/deploy.js');
const { COUNT, TOPICS, deployTests, newProducer, openTwenty } = require('./lib/deploy_tests.js');
const { wireTests } = require('./lib/deploy_wire.js');
const { MS } = require('./lib/follow.js');
const { until } = require('./lib/until.js');

const chromium = useBrowser({ ignoreHTTPSErrors: true });

test('without a server in front a page opens six EventSources, and the next one when one of them is closed', async (t) => {
  const bridge = await startBridge(t, '--demo');
  const producer = newProducer(t, bridge);
  const { page, readers, responses } = await openTwenty(t, chromium, `${bridge.http}/readers.html`);
  const followed = () => page.evaluate(() => Object.values(window.followed).map(({ opened, events }) => [opened, events.length]));
  const opened = async () => (await followed()).filter(([times]) => times > 0).length;
  await until('six to open', async () => (await opened()) === 6, MS);
  for (let n = 1; n <= 3; ++n) {
    await Promise.all(TOPICS.map((topic) => producer.batch({ topic, events: [{ text: `${n}` }] })));
    await until(`event ${n} at six`, async () => (await followed()).filter(([, have]) => have >= n).length === 6, MS);
  }
  const subscribers = await Promise.all(TOPICS.map(async (topic) => (await producer.getTopic(topic)).subscribers));
  assert.deepEqual(subscribers.sort(), [...Array(COUNT - 6).fill(0), ...Array(6).fill(1)]);
  for (const reader of readers) {
    if (await reader.opened()) {
      await reader.close();
      break;
    }
  }
  await until('the seventh to open', async () => (await opened()) === 7, MS);
  assert.deepEqual(responses.map(({ protocol }) => protocol), Array(7).fill('http/1.1'));
});

deployTests('nginx', Nginx, chromium);
wireTests('nginx', Nginx, chromium, { cut: 'reset' });
