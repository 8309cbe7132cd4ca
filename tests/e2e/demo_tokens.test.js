'use strict';

// The demo's stream of tokens: a question is asked on the page, and the model that scripts/run.sh starts answers.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { PATIENCE, reads, sees, useDemo, useProducers } = require('./lib/demo.js');
const { useProducer } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const { bridge, open } = useDemo();
const model = useProducers(bridge, { DEMO_TOKEN_PACE: '0.2' });
const producer = useProducer(bridge);

const TOKENS = 92;
const words = async (page) => (await reads(page, '#answer')).trim().split(/\s+/).filter(Boolean);
const more = (page, than) => until('more of the answer', async () => (await words(page)).length > than, PATIENCE);

// Asks, once the model listens, and waits for its first words.
async function ask(page, question) {
  await until('the model', async () => (await producer.getTopic('questions'))?.subscribers > 0, PATIENCE);
  await page.fill('#question', question);
  await page.press('#question', 'Enter');
  await sees(page, '#asked', question);
  await more(page, 2);
}

// What the model says of itself: how it ended, and after how many tokens.
const said = async (from) => {
  const [, how, count] = await until('the model to say so', () => /^model: (\w+) after (\d+) tokens$/m.exec(model.child.stdout.slice(from)), PATIENCE);
  return [how, Number(count)];
};

test('tokens arrive one after the other, to the end of the answer', async (t) => {
  const page = await open(t, '/tokens');
  const from = model.child.stdout.length;
  await ask(page, 'What does a token <cost>?');
  await sees(page, '#state', 'answering');
  const lengths = new Set();
  await until('the answer to grow', async () => lengths.add((await words(page)).length).size > 4, PATIENCE);
  await sees(page, '#note', `Complete. ${TOKENS} tokens.`, 60000);
  await sees(page, '#state', 'complete');
  assert.equal((await words(page)).length, TOKENS);
  assert.match(await reads(page, '#answer'), /^A token is a piece of a word\. .* told why\.\s*$/s);
  assert.deepEqual(await said(from), ['done', TOKENS]);
  assert.equal(await page.isDisabled('#stop'), true);
});

test('Stop stops the model, which says so, and the answer ends with what there is', async (t) => {
  const page = await open(t, '/tokens');
  const from = model.child.stdout.length;
  await ask(page, 'A long one, please.');
  await page.click('#stop');
  const [how, made] = await said(from);
  assert.equal(how, 'stopped');
  assert.ok(made < TOKENS, `${made} tokens`);
  await sees(page, '#note', /^Stopped, as you asked\. \d+ tokens?\.$/);
  await sees(page, '#state', 'stopped');
  const shown = (await words(page)).length;
  assert.ok(shown > 2 && shown <= made, `${shown} of ${made}`);
});

test('a reload in mid-answer goes on, with the whole text', async (t) => {
  const page = await open(t, '/tokens');
  await ask(page, 'And if I reload?');
  const before = await words(page);
  await page.reload();
  await sees(page, '#asked', 'And if I reload?');
  await more(page, before.length);
  assert.deepEqual((await words(page)).slice(0, before.length), before);
  // Somebody else, who was given the address.
  const other = await open(t, new URL(page.url()).pathname + new URL(page.url()).hash);
  for (const one of [page, other]) {
    await sees(one, '#note', `Complete. ${TOKENS} tokens.`, 60000);
    assert.equal((await words(one)).length, TOKENS);
  }
  // Once it is over, too.
  await page.reload();
  await sees(page, '#note', `Complete. ${TOKENS} tokens.`);
});

test('an error in the middle is shown, with what there was before it', async (t) => {
  const page = await open(t, '/tokens');
  const from = model.child.stdout.length;
  await ask(page, 'Please fail.');
  await sees(page, '#note', 'It went wrong: the model has run out of memory.');
  await sees(page, '#state', 'failed');
  assert.equal((await words(page)).length, 12);
  assert.deepEqual(await said(from), ['failed', 12]);
  await page.reload();
  await sees(page, '#note', 'It went wrong: the model has run out of memory.');
  assert.equal((await words(page)).length, 12);
});

test('where nothing may be published over HTTP, the page says so', async (t) => {
  const plain = await startBridge(t, '--demo');
  const page = await open(t, '/tokens', { from: plain });
  await sees(page, '#off', /cannot ask\. Start it with\s+--http_publish\./);
  assert.equal(await page.isDisabled('#question') && await page.isDisabled('#send'), true);
});
