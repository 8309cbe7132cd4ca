'use strict';

// The demo's log viewer: what somebody reads who opens it early, late, or in two windows.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { PATIENCE, reads, sees, useDemo, useProducers } = require('./lib/demo.js');
const { useProducer } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const { bridge, open } = useDemo();
useProducers(bridge, { DEMO_LINE_PACE: '0.05', DEMO_REST: '600' });
const producer = useProducer(bridge);

const lines = (page) => page.locator('#log .text').allInnerTexts();
const publish = (topic, ...texts) => producer.batch({ topic, events: texts.map((text) => ({ text })) });
const shows = (page, wanted) => until(async () => `${wanted.join(' | ')}\nThere is\n${(await lines(page)).join(' | ')}`,
                                      async () => (await lines(page)).join() === wanted.join(), PATIENCE);

// Whether the last line is in view.
const atEnd = (page) => page.$eval('#log', (log) => {
  const last = log.lastElementChild.getBoundingClientRect();
  return last.bottom <= log.getBoundingClientRect().bottom + 1;
});

test('what there was is there, then lines come as they are made, the same in two windows', async (t) => {
  await publish('job.1', 'one', 'two', '<i>three</i>');
  const early = await open(t, '/log#job.1');
  await shows(early, ['one', 'two', '<i>three</i>']);
  await sees(early, '#state', 'live');
  await sees(early, '#counts', '3 from history, 0 live');
  await publish('job.1', 'four');
  const late = await open(t, '/log#job.1');
  await publish('job.1', 'five', '  six');
  for (const page of [early, late]) await shows(page, ['one', 'two', '<i>three</i>', 'four', 'five', '  six']);
  await sees(early, '#counts', '3 from history, 3 live');
  // The times are the bridge's, so they agree as well.
  const times = (page) => page.locator('#log time').allInnerTexts();
  assert.deepEqual(await times(early), await times(late));
  assert.match((await times(early))[0], /^\d\d:\d\d:\d\d$/);
});

test('a topic that nobody has published to yet is waited for, and another one is opened', async (t) => {
  const page = await open(t, '/log');
  await page.fill('#topic', 'job.new');
  await page.press('#topic', 'Enter');
  await sees(page, '#state', 'live');
  await publish('job.new', 'at last');
  await shows(page, ['at last']);
  await sees(page, '#counts', '0 from history, 1 live');
  await publish('job.other', 'elsewhere');
  await page.fill('#topic', 'job.other');
  await page.press('#topic', 'Enter');
  await shows(page, ['elsewhere']);
  assert.ok(page.url().endsWith('/log#job.other'));
});

test('the last line is in view, until somebody pauses; then the page stands still and counts', async (t) => {
  const many = Array.from({ length: 200 }, (_, i) => `line ${i + 1}`);
  await publish('job.long', ...many);
  const page = await open(t, '/log#job.long');
  await shows(page, many);
  await until('the end to be in view', () => atEnd(page), PATIENCE);
  assert.equal(await reads(page, '#follow'), 'Pause');
  await page.click('#follow');
  assert.equal(await page.getAttribute('#follow', 'aria-pressed'), 'false');
  await publish('job.long', 'new 1', 'new 2');
  await sees(page, '#counts', '2 new lines below');
  assert.deepEqual(await lines(page), many);
  await page.click('#follow');
  await shows(page, [...many, 'new 1', 'new 2']);
  await until('the end to be in view', () => atEnd(page), PATIENCE);

  // Who looks back pauses, with the keyboard as well as with the wheel.
  await page.focus('#log');
  await page.keyboard.press('Home');
  await sees(page, '#follow', 'Follow');
  await publish('job.long', 'new 3');
  await sees(page, '#counts', '1 new line below');
  assert.equal(await atEnd(page), false);
  await page.keyboard.press('End');
  await shows(page, [...many, 'new 1', 'new 2', 'new 3']);
  await page.hover('#log');
  await page.mouse.wheel(0, -400);
  await sees(page, '#follow', 'Follow');
});

test('colours of terminals are colours here, to be told apart and read, in light and dark', async (t) => {
  const esc = '\x1b[';
  await publish('job.colours', `plain ${esc}31mred ${esc}1mbold${esc}0m plain`, `${esc}32mgreen goes on`, `here${esc}39m and ends`,
                `${esc}38;5;208morange${esc}0m ${esc}48;2;10;20;30mground${esc}m`, `${esc}2K${esc}1;1Hno moves\x1b]0;title\x07, no titles`);
  const page = await open(t, '/log#job.colours');
  await shows(page, ['plain red bold plain', 'green goes on', 'here and ends', 'orange ground', 'no moves, no titles']);
  const style = (text, property) => page.locator('#log .text span', { hasText: text }).first()
      .evaluate((span, property) => getComputedStyle(span)[property], property);
  const rgb = (colour) => colour.match(/\d+/g).map(Number);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const [red, , blue] = rgb(await style('red', 'color'));
    assert.ok(red > blue + 60, `${red}, ${blue}`);
    const green = rgb(await style('green goes on', 'color'));
    assert.ok(green[1] > green[0] + 40);
    assert.deepEqual(rgb(await style('here', 'color')), green);
    assert.equal(await style('bold', 'fontWeight'), '700');
    assert.deepEqual(rgb(await style('bold', 'color')), rgb(await style('red', 'color')));
  }
  assert.deepEqual(rgb(await style('orange', 'color')), [255, 135, 0]);
  assert.deepEqual(rgb(await style('ground', 'backgroundColor')), [10, 20, 30]);
});

test('the end is shown, and why a log failed; also to those who come afterwards', async (t) => {
  await publish('job.good', 'all');
  await publish('job.bad', 'almost');
  const pages = [await open(t, '/log#job.good'), await open(t, '/log#job.bad')];
  await shows(pages[0], ['all']);
  await shows(pages[1], ['almost']);
  assert.equal(await pages[0].locator('#end').isVisible(), false);
  await producer.batch({ topic: 'job.good', end: {} });
  await producer.batch({ topic: 'job.bad', end: { error: { code: 13, message: 'the disk is full' } } });
  pages.push(await open(t, '/log#job.good'), await open(t, '/log#job.bad'));
  for (const page of [pages[0], pages[2]]) {
    await sees(page, '#end', 'The log ends here: it is complete.');
    await sees(page, '#state', 'ended');
  }
  for (const page of [pages[1], pages[3]]) {
    await sees(page, '#end', 'The log ends here: it failed with INTERNAL: the disk is full');
    await sees(page, '#state', 'failed');
  }
  assert.deepEqual(await lines(pages[3]), ['almost']);
});

test('a build of the demo is read from its first line to its end', async (t) => {
  const page = await open(t, '/log');
  await sees(page, '#end', 'The log ends here: it is complete.', 60000);
  const all = await lines(page);
  assert.equal(all[0], 'Building sluice release, 2 jobs');
  assert.equal(all.at(-1), '11 tests passed of 11, see build/report.html');
  await until('the end to be in view', () => atEnd(page), PATIENCE);
  assert.equal(all.length, (await producer.getTopic('build.demo')).events);
});
