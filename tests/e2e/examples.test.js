'use strict';

// The examples under clients/examples, as they are run.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { useBrowser } = require('./lib/browser.js');
const { BIN, Child, ROOT } = require('./lib/process.js');
const { useProducer } = require('./lib/producer.js');
const { PYTHON } = require('./lib/python.js');
const { until } = require('./lib/until.js');

const EXAMPLES = path.join(ROOT, 'clients/examples');
const bridge = useBridge();
const browser = useBrowser();
const producer = useProducer(bridge);

// A port that was free a moment ago: the example's bridge has to know the page's origin before the page is served.
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

// The example's back end and bridge, and its page in a browser.
async function tokenStream(t, ...options) {
  const run = new Child(path.join(EXAMPLES, 'token_stream/run.sh'), options,
                        { env: { PORT: String(await freePort()), SLUICE_BIN: BIN, SLUICE_PYTHON: PYTHON }, input: '' });
  t.after(() => run.stop());
  const [, url] = await until(() => `the page\n${run.stdout}${run.stderr}`, () => /^Open (\S+)$/m.exec(run.stdout), 60000);
  const page = await browser.page(t);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  t.after(() => assert.deepEqual(complaints, []));
  await page.goto(url);
  return {
    page, run,
    ask: async (question) => {
      await page.fill('#question', question);
      await page.click('button[type=submit]');
    },
    answer: () => page.textContent('#answer'),
    state: (wanted) => page.waitForSelector(`#state[data-state="${wanted}"]`, { timeout: 60000 }),
  };
}

test('token stream: an answer comes token by token, to the end', async (t) => {
  const { page, run, ask, answer, state } = await tokenStream(t);
  // The page writes down what it shows: it may be over before one has asked twice.
  await page.evaluate(() => {
    window.states = new Set();
    window.lengths = new Set();
    new MutationObserver(() => {
      window.states.add(document.querySelector('#state').dataset.state);
      window.lengths.add(document.querySelector('#answer').textContent.length);
    }).observe(document.body, { attributes: true, childList: true, subtree: true });
  });
  await ask('short, please');
  await state('done');
  assert.deepEqual(await page.evaluate(() => [...window.states]), ['waiting', 'answering', 'done']);
  const lengths = await page.evaluate(() => [...window.lengths]);
  assert.equal(lengths.length, 1 + 7, `${lengths}`);
  assert.deepEqual(lengths, lengths.toSorted((a, b) => a - b));
  assert.equal(await answer(), 'You asked: short, please That is all. ');
  assert.equal(await page.textContent('#asked'), 'short, please');
  assert.equal(await page.textContent('#state'), 'That is the answer.');
  assert.match(run.stdout, /^model: stopped after 7 tokens$/m);
  assert.match(page.url(), /#[a-z2-7]{26}$/);
});

test('token stream: Stop stops the model at once, and the answer ends with what was there', async (t) => {
  const { page, run, ask, answer, state } = await tokenStream(t, '--tokens=100000');
  await ask('a long one');
  await until('some of it', async () => (await answer()).length > 60, 60000);
  await page.click('#stop');
  await state('done');
  assert.equal(await page.textContent('#state'), 'Stopped, as you asked.');
  const [, made] = await until('the model to stop', () => /^model: stopped after (\d+) tokens$/m.exec(run.stdout));
  assert.match(run.stdout, /^reader: stop, the reader has seen enough$/m);
  // The one that was being made when the wish came is dropped.
  const shown = (await answer()).split(' ').length - 1;
  assert.ok(Number(made) - shown <= 1 && shown <= Number(made), `${shown} of ${made}`);
  assert.ok(Number(made) < 100000);
});

test('token stream: a reload in mid-answer shows it from its start, and it goes on', async (t) => {
  const { page, ask, answer, state } = await tokenStream(t, '--tokens=100000');
  await ask('a long one');
  await until('some of it', async () => (await answer()).length > 60, 60000);
  const before = await answer();
  await page.reload();
  await until('what was there', async () => (await answer()).startsWith(before), 60000);
  assert.equal(await page.textContent('#asked'), 'a long one');
  const then = (await answer()).length;
  await until('more of it', async () => (await answer()).length > then + 20, 60000);
  await page.click('#stop');
  await state('done');
  const whole = await answer();
  assert.ok(whole.startsWith('You asked: a long one A token is a piece of a word.'));
  // Once it is over, too.
  await page.reload();
  await state('done');
  assert.equal(await answer(), whole);
  assert.equal(await page.textContent('#state'), 'Stopped, as you asked.');
});

test('token stream: a model that fails fails the topic, and the page says why', async (t) => {
  const { page, run, ask, answer, state } = await tokenStream(t);
  await ask('fail for me');
  await state('failed');
  assert.equal(await page.textContent('#state'), 'It went wrong: the model has run out of memory.');
  assert.ok((await answer()).startsWith('You asked: fail for me '));
  assert.match(run.stdout, /^model: stopped after 12 tokens$/m);
});

test('log source: a file is read while the topic has readers, and goes on where it was', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-log-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'a log.txt');
  fs.writeFileSync(file, 'one\ntwo\n');
  const env = { PATH: `${BIN}:${process.env.PATH}`, SLUICE_GRPC: bridge.grpc, SLUICE_HTTP: bridge.http };
  const source = new Child(path.join(EXAMPLES, 'log_source/log_source.sh'), [file, 'log.example'], { env, input: '' });
  t.after(() => source.stop('SIGKILL'));
  const children = () => fs.readFileSync(`/proc/${source.pid}/task/${source.pid}/children`, 'utf8').trim();
  const read = (...args) => {
    const reader = new Child(path.join(BIN, 'sluice'), ['sub', 'log.example', ...args], { env, input: '' });
    t.after(() => reader.stop('SIGKILL'));
    return reader;
  };

  await until(() => `the source to be there: ${source.stderr}`, () => source.stderr === 'sluice: nobody reads\n');
  assert.equal(children(), '');
  const first = read();
  await until('what is there', () => first.stdout === 'one\ntwo\n');
  assert.notEqual(children(), '');
  fs.appendFileSync(file, 'three\n');
  await until('a line that is new', () => first.stdout === 'one\ntwo\nthree\n');
  await first.stop('SIGINT');
  await until('the command to be gone', () => children() === '');

  fs.appendFileSync(file, 'four\n');
  const second = read();
  await until('all lines, each once', () => second.stdout === 'one\ntwo\nthree\nfour\n');
  assert.notEqual(children(), '');
  const third = read('--last', '1');
  await until('the last line', () => third.stdout === 'four\n');
  fs.appendFileSync(file, 'five\n');
  await until('one more', () => third.stdout === 'four\nfive\n' && second.stdout.endsWith('four\nfive\n'));
  assert.equal((await source.stop('SIGTERM')).code, 143);
  assert.equal((await producer.getTopic('log.example')).events, 5);
});
