'use strict';

// How the demo's pages are served, and what all of them have.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { sees, useDemo } = require('./lib/demo.js');
const { ROOT } = require('./lib/process.js');
const { useProducer } = require('./lib/producer.js');
const { exchange } = require('./lib/raw.js');

const FOLDER = path.join(ROOT, 'clients/web/demo');
const PAGES = ['/', '/clock', '/chat', '/log', '/tokens', '/dashboard'];
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };

const { bridge, open } = useDemo();
const producer = useProducer(bridge);

const files = fs.readdirSync(FOLDER).filter((name) => TYPES[path.extname(name).slice(1)]);
const pathOf = (name) => (name === 'index.html' ? '/' : `/${name.replace(/\.html$/, '')}`);

test('each file of the folder is served as it is, with its type and nothing that would let others in', async () => {
  assert.ok(PAGES.every((page) => files.map(pathOf).includes(page)));
  for (const name of files) {
    const response = await fetch(`${bridge.http}${pathOf(name)}`);
    assert.equal(response.status, 200, name);
    assert.equal(response.headers.get('content-type'), TYPES[path.extname(name).slice(1)]);
    assert.equal(response.headers.get('cache-control'), 'no-cache');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
    assert.match(response.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self';/);
    assert.equal(await response.text(), fs.readFileSync(path.join(FOLDER, name), 'utf8'));
  }
});

test('what is not there is 404, a page under another name, too, and nothing takes a POST', async () => {
  for (const at of ['/nothing', '/index', '/index.html', '/clock.html', '/clock/', '/screenshots/clock.png', '/demo_files.h'])
    assert.equal((await fetch(`${bridge.http}${at}`)).status, 404, at);
  const post = await fetch(`${bridge.http}/clock`, { method: 'POST' });
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
  assert.equal((await fetch(`${bridge.http}/clock`, { method: 'HEAD' })).status, 200);
});

test('without --demo there is none of them', async (t) => {
  const plain = await startBridge(t);
  for (const at of [...PAGES, '/style.css', '/demo.json'])
    assert.equal((await exchange(t, plain, `GET ${at} HTTP/1.1`)).head.status, 404, at);
});

test('the pages are told whether they may publish', async (t) => {
  const plain = await startBridge(t, '--demo');
  assert.deepEqual(await (await fetch(`${bridge.http}/demo.json`)).json(), { http_publish: true });
  assert.deepEqual(await (await fetch(`${plain.http}/demo.json`)).json(), { http_publish: false });
});

test('the first page leads to all others, with the keyboard as well, and to any topic', async (t) => {
  await producer.batch({ topic: 'any.topic', events: [{ text: 'here it is' }] });
  const page = await open(t, '/');
  for (const at of PAGES.slice(1)) {
    await page.goto(`${bridge.http}/`);
    await page.focus(`main a[href="${at}"]`);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${bridge.http}${at}`);
    assert.equal(await page.locator('nav [aria-current=page]').getAttribute('href'), at);
  }
  await page.goto(`${bridge.http}/`);
  await page.fill('#topic', 'any.topic');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${bridge.http}/log#any.topic`);
  await sees(page, '#log .text', 'here it is');
});

// What WCAG 2 calls relative luminance and contrast, of colours as a browser computes them.
function contrast(a, b) {
  const [light, dark] = [a, b].map((colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3)
        .map((n) => n / 255).map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }).sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

for (const colorScheme of ['light', 'dark']) {
  test(`every page can be read, ${colorScheme}, wide and narrow, and its fields have names`, async (t) => {
    const page = await open(t, '/');
    await page.emulateMedia({ colorScheme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      for (const at of PAGES) {
        await page.goto(`${bridge.http}${at}`);
        await sees(page, 'h1', /./);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${at} is as wide as its window`);
        assert.equal(await page.locator('main').count(), 1);
        const nameless = await page.$$eval('input', (all) => all.filter((input) => !input.labels.length).map((input) => input.id));
        assert.deepEqual(nameless, [], `${at}: labels`);
        const texts = await page.$$eval('h1, h2, p, a, button:enabled, label, dt, dd, li, time, code, .state', (all) => all
            .filter((element) => element.checkVisibility() && element.textContent.trim())
            .map((element) => {
              let ground = element;
              while (ground && /rgba\(.* 0\)/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
              return [element.textContent.trim().slice(0, 30), getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
            }));
        assert.ok(texts.length > 3);
        for (const [text, ink, ground] of texts)
          assert.ok(contrast(ink, ground) >= 4.5, `${at}: "${text}", ${ink} on ${ground}: ${contrast(ink, ground).toFixed(2)}`);
      }
    }
  });
}
