'use strict';

// Takes the pictures of the demo's pages, light and dark, into a folder: node screenshots.js FOLDER. scripts/screenshots.sh
// runs it.

const path = require('node:path');
const { chromium } = require('playwright-core');
const { Bridge } = require('./lib/bridge.js');
const { BIN, Child, ROOT } = require('./lib/process.js');
const { until } = require('./lib/until.js');

const [folder] = process.argv.slice(2);
const WAIT = 120000;
const TALK = [
  ['general', 'Ada', 'Does anybody know why the build of last night took an hour?'],
  ['general', 'Grace', 'The cache was cold. It is warm now.'],
  ['coffee', 'Linus', 'The machine on the second floor works again.'],
  ['releases', 'Grace', '1.4 is out. Notes are on the wiki.'],
  ['general', 'Ada', 'Thank you! Then I will stop looking.'],
  ['coffee', 'Ada', 'On my way.'],
];

// What has to be there before the picture of a page is taken.
const READY = {
  clock: (page) => page.waitForFunction(() => document.querySelectorAll('#ring .since').length > 11, null, { timeout: WAIT }),
  chat: (page) => page.waitForFunction((n) => document.querySelectorAll('.message').length === n, TALK.length, { timeout: WAIT }),
  log: (page) => page.waitForFunction(() => document.querySelectorAll('.line').length > 30, null, { timeout: WAIT }),
  tokens: async (page) => {
    await page.waitForSelector('#send:enabled', { timeout: WAIT });
    await page.fill('#question', 'What does a token cost?');
    await page.click('#send');
    await page.waitForFunction(() => document.querySelector('#answer').textContent.split(' ').length > 50, null, { timeout: WAIT });
  },
  dashboard: (page) => page.waitForFunction(
      () => document.querySelector('.curve')?.getAttribute('points')?.split(' ').length > 58, null, { timeout: WAIT }),
};

async function publish(bridge) {
  const post = (topic, body, type) => fetch(bridge.events(topic), { method: 'POST', body, headers: { 'Content-Type': type } });
  for (const room of ['coffee', 'releases', 'support']) await post('chat-rooms', room, 'text/plain');
  for (const [room, from, text] of TALK) await post(`chat.${room}`, JSON.stringify({ from, text }), 'application/json');
}

// Readers, until `stop`, and something for them to read, so that the dashboard has something to tell.
function traffic(bridge, stop) {
  for (let i = 0; i < 40; ++i) {
    fetch(bridge.events(`prices.${i % 4}`), { signal: stop }).then(async (response) => {
      for await (const _ of response.body) { /* it is only counted */ }
    }).catch(() => {});
  }
  let n = 0;
  const timer = setInterval(() => {
    const often = 6 + 4 * Math.sin(n++ / 40);
    for (let i = 0; i < often; ++i)
      fetch(bridge.events(`prices.${i % 4}`), { method: 'POST', body: `${n}.${i}` }).catch(() => {});
  }, 200);
  stop.addEventListener('abort', () => clearInterval(timer));
}

async function main() {
  const bridge = await new Bridge().start('--demo', '--http_publish');
  const producers = new Child(path.join(ROOT, 'scripts/demo.sh'), [], {
    env: { PATH: `${BIN}:${process.env.PATH}`, SLUICE_GRPC: bridge.grpc, SLUICE_HTTP: bridge.http, DEMO_LINE_PACE: '1.2' }, input: '',
  });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const stop = new AbortController();
  await publish(bridge);
  traffic(bridge, stop.signal);
  await until('the clock to have a history', async () => {
    const response = await fetch(`${bridge.http}/v1/topics/clock/history`);
    return response.ok && (await response.json()).events.length > 18;
  }, WAIT);
  await Promise.all(['light', 'dark'].flatMap((colorScheme) => Object.entries(READY).map(async ([name, ready]) => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 960, height: 720 }, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(`${bridge.http}/${name}${name === 'chat' ? '#*' : ''}`);
    await ready(page);
    await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
    await context.close();
  })));
  stop.abort();
  await browser.close();
  await producers.stop();
  await bridge.stop();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
