'use strict';

// The built module of clients/web in a page: of another origin than the bridge's, as pages are.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, before } = require('node:test');
const { Bridge } = require('./bridge.js');
const { MS } = require('./follow.js');
const { Producer } = require('./producer.js');
const { ROOT } = require('./process.js');
const { until } = require('./until.js');

const HOME = path.join(ROOT, 'clients/web');
const MODULE = path.join(HOME, 'dist/sluice.js');
const PAGE = '<!doctype html><meta charset="utf-8"><title>reader</title><link rel="icon" href="data:,">' +
    '<script type="module">window.sluice = await import("/sluice.js");</script>';

const changed = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
function isBuilt() {
  const sources = fs.readdirSync(path.join(HOME, 'src')).map((name) => path.join(HOME, 'src', name));
  return [...sources, path.join(HOME, 'package-lock.json'), path.join(HOME, 'vite.config.ts')]
      .every((file) => changed(file) < changed(MODULE));
}

// Builds the module if that is not done, one process at a time.
function build() {
  if (isBuilt()) return;
  const lock = path.join(HOME, '.lock');
  if (process.env.SLUICE_WEB_LOCKED === undefined) {
    execFileSync('flock', [lock, process.execPath, __filename], { env: { ...process.env, SLUICE_WEB_LOCKED: '1' }, stdio: 'pipe' });
    return;
  }
  const npm = (...args) => execFileSync('npm', args, { cwd: HOME, stdio: 'pipe' });
  if (changed(path.join(HOME, 'package-lock.json')) >= changed(path.join(HOME, 'node_modules/.package-lock.json'))) {
    npm('ci', '--ignore-scripts', '--no-audit', '--no-fund');
    fs.utimesSync(path.join(HOME, 'node_modules/.package-lock.json'), new Date(), new Date());
  }
  npm('run', 'build');
}

// A page that follows something, and what it was told: [name of a callback, what it got].
class Reader {
  constructor(page, key) {
    this.page = page;
    this.key = key;
  }

  get(field) { return this.page.evaluate(([key, field]) => window.kept[key][field], [this.key, field]); }
  seen() { return this.get('seen'); }
  async told(name) { return (await this.seen()).filter(([one]) => one === name).map(([, what]) => what); }
  async data() { return (await this.told('event')).map(({ data }) => data); }
  close() { return this.page.evaluate((key) => window.kept[key].stream.close(), this.key); }

  async until(what, probe) {
    let seen = [];
    return until(() => `${what}; the page was told ${JSON.stringify(seen.slice(-5))}`, async () => probe(seen = await this.seen()), MS);
  }
  has(name, count = 1) {
    return this.until(`${count} of ${name}`, (seen) => seen.filter(([one]) => one === name).length >= count);
  }
  // Waits until the stream is over, and says how: true, or { code, message }.
  async over() {
    await this.until('the end', () => this.get('over'));
    return this.get('how');
  }
}

let readers = 0;

async function open(t, browser, site) {
  const page = await browser.page(t);
  await page.goto(site);
  await until('the module in the page', () => page.evaluate(() => Boolean(window.sluice)), MS);
  return page;
}

async function follow(page, base, topics, options = {}) {
  const key = `reader${++readers}`;
  await page.evaluate(([key, base, topics, options]) => {
    const kept = { seen: [], over: false, how: undefined };
    (window.kept ??= {})[key] = kept;
    const tell = (name) => (what) => { kept.seen.push([name, what instanceof Error ? { code: what.code, message: what.message } : what]); };
    const callbacks = Object.fromEntries(['Event', 'Gap', 'Ended', 'Error', 'Open', 'Lost', 'Silent', 'Snapshot']
        .map((name) => [`on${name}`, tell(name.toLowerCase())]));
    const stream = window.sluice.follow(base, topics, { ...callbacks, ...options });
    Object.defineProperty(kept, 'stream', { value: stream });
    const over = (how) => { kept.how = how; kept.over = true; };
    stream.done.then(over, ({ code, message }) => over({ code, message }));
  }, [key, base, topics, options]);
  return new Reader(page, key);
}

// A site with the module, and a bridge that lets its pages read, for all tests of a file. `start(t)` starts another bridge.
function useWebClient(browser) {
  const bridge = new Bridge();
  const producer = new Producer(bridge);
  const site = http.createServer(({ url }, response) => {
    const [type, body] = url === '/sluice.js' ? ['text/javascript', fs.readFileSync(MODULE)] : ['text/html', PAGE];
    response.setHeader('Content-Type', `${type}; charset=utf-8`).end(body);
  });
  const kit = { bridge, browser, producer };
  before(async () => {
    build();
    await new Promise((resolve) => { site.listen(0, '127.0.0.1', resolve); });
    kit.site = `http://127.0.0.1:${site.address().port}`;
    kit.flags = [`--cors_origins=${kit.site}`, '--retry=100ms', '--heartbeat=1s'];
    await bridge.start(...kit.flags);
  });
  after(async () => {
    producer.close();
    site.closeAllConnections();
    site.close();
    await bridge.stop();
  });
  kit.open = (t) => open(t, browser, kit.site);
  return kit;
}

module.exports = { follow, useWebClient };

if (require.main === module) build();
