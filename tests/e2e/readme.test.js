'use strict';

// What the README shows has to work as it stands there.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { BRIDGE, startBridge, useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { Child, ROOT } = require('./lib/process.js');
const { Producer, useProducer } = require('./lib/producer.js');
const { python, pythonStubs } = require('./lib/python.js');
const { decode } = require('./lib/readers.js');
const { openStream } = require('./lib/raw.js');
const { until } = require('./lib/until.js');

const bridge = useBridge();
const browser = useBrowser();
const producer = useProducer(bridge);

const README = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');

// The one fenced block of a language, told to talk to this bridge.
function block(language) {
  const found = [...README.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language);
  assert.equal(found.length, 1, `one ${language} block in the README`);
  return found[0][2].replaceAll('localhost:50051', bridge.grpc).replaceAll('http://localhost:8080', bridge.http);
}

test("the README's producer publishes, and its page shows it", async (t) => {
  const page = await browser.page(t);
  await page.goto(`${bridge.http}/`);
  await page.setContent(block('html'));
  const stubs = await pythonStubs(t);
  const { code, stderr } = await python(stubs, ['-'], block('python'));
  assert.equal(code, 0, stderr);
  const raw = await openStream(t, bridge, '/v1/topics/build.42/events');
  await raw.untilClosed();
  const texts = decode(raw.text).map((event) => event.data);
  assert.equal(texts.at(-1), '[DONE]');
  await page.waitForFunction((texts) => texts.every((text) => document.body.textContent.includes(text)), texts.slice(0, -1));
});

test("the README's buf curl lines work", async () => {
  const lines = block('console').split('\n').filter((line) => line.includes('@bufbuild/buf curl'));
  assert.ok(lines.length >= 2);
  for (const line of lines) {
    const command = line.replace(/^\$ npx @bufbuild\/buf/, path.join(__dirname, 'node_modules/.bin/buf'));
    assert.notEqual(command, line);
    const { code, stdout, stderr } = await new Child('bash', ['-c', command], { input: '' }).wait(60000);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.length > 0);
  }
  assert.ok((await producer.getTopic('hello')).lastCursor);
});

test("the README's curl lines work", async (t) => {
  const own = await startBridge(t, '--http_publish');
  const topics = new Producer(own);
  t.after(() => topics.close());
  const call = topics.publisher.publishWithFeedback();
  t.after(() => call.cancel());
  let stop;
  call.on('data', (feedback) => { stop ??= feedback.stop; }).on('error', () => {});
  const lines = block('sh').replaceAll(bridge.http, own.http).trim().split('\n');
  assert.equal(lines.length, 7);
  for (const line of lines) {
    if (line.includes('/stop')) {
      call.write({ topic: 'hello' });
      await until('the producer to be there', async () => (await topics.getTopic('hello')).producers > 0);
    }
    const { code, stdout, stderr } = await new Child('bash', ['-c', line.replace('curl', 'curl -fsS')]).wait();
    assert.equal(code, 0, `${line}\n${stderr}`);
    if (!line.includes('DELETE')) JSON.parse(stdout);
    if (line.includes('/history')) assert.deepEqual(JSON.parse(stdout).events.map(({ data }) => data), ['hi', '{"n":1}']);
  }
  await until('the producer to be asked to stop', () => stop?.reason === 'seen enough');
});

test("the README's settings file gives topics what it says", async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-readme-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'bridge.yaml');
  fs.writeFileSync(file, block('yaml'));
  const own = await startBridge(t, `--config=${file}`);
  const topics = new Producer(own);
  t.after(() => topics.close());
  const age = async (topic) => Number((await topics.createTopic({ topic })).topic.settings.retentionAge.seconds);
  assert.equal((await topics.createTopic({ topic: 'price.eur' })).topic.settings.retentionEvents, 1);
  assert.deepEqual([await age('other'), await age('build.release.1'), await age('build.1')], [30 * 60, 24 * 3600, 2 * 3600]);
  assert.equal((await topics.createTopic({ topic: 'team.chat' })).topic.settings.defaultStart, 'START_LATEST');
});

test("the README's table of settings is what the bridge prints", async () => {
  const { code, stdout, stderr } = await new Child(BRIDGE, ['--help=markdown']).wait();
  assert.equal(code, 0, stderr);
  const [, table] = /<!-- settings -->\n(.*?)<!-- \/settings -->/s.exec(README);
  assert.equal(table.trim(), stdout.trim());
});
