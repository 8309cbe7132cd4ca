'use strict';

// The demo's chat, with people in several windows.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { PATIENCE, reads, sees, useDemo } = require('./lib/demo.js');
const { useProducer } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const { bridge, open } = useDemo();
const producer = useProducer(bridge);

// Somebody's window.
async function somebody(t, name, address, known) {
  const page = await open(t, address, { known });
  await sees(page, '#state', 'live');
  if (name) await page.fill('#from', name);
  const rooms = () => page.locator('#rooms a').allInnerTexts();
  return {
    page, rooms,
    // What is to be read, as [who, where, text].
    said: () => page.$$eval('#messages .message', (all) => all.map((line) => [
      line.querySelector('b').innerText, line.querySelector('.tag')?.innerText ?? null, line.querySelector('.text').innerText,
    ])),
    create: async (room) => {
      await page.fill('#room', room);
      await page.press('#room', 'Enter');
      await sees(page, '#here', room);
    },
    enter: async (room) => {
      await until(`the room ${room}`, async () => (await rooms()).includes(room), PATIENCE);
      await page.click(`#rooms a:text-is("${room}")`);
      await sees(page, '#here', room);
      await sees(page, '#state', 'live');
    },
    say: async (text) => {
      await page.fill('#text', text);
      await page.press('#text', 'Enter');
      await until(`${text} to be sent`, async () => await page.inputValue('#text') === '', PATIENCE);
    },
  };
}

const same = (one, said) => until(async () => `${JSON.stringify(said)}\nThere is\n${JSON.stringify(await one.said())}`,
                                  async () => JSON.stringify(await one.said()) === JSON.stringify(said), PATIENCE);

test('a room is made, others see it, and what is said in one is not heard in another', async (t) => {
  const ada = await somebody(t, 'Ada', '/chat');
  const grace = await somebody(t, 'Grace', '/chat');
  const all = await somebody(t, '', '/chat#*');
  await sees(all.page, '#here', 'All rooms');
  assert.equal(await all.page.isDisabled('#text'), true);

  await ada.create('tea');
  await grace.create('coffee');
  for (const one of [ada, grace, all])
    await until('all rooms', async () => (await one.rooms()).join() === 'All rooms,coffee,general,tea', PATIENCE);

  await ada.say('Is there <b>tea</b>?');
  await same(ada, [['Ada', null, 'Is there <b>tea</b>?']]);
  await grace.say('There is coffee.');
  await same(grace, [['Grace', null, 'There is coffee.']]);
  await grace.enter('tea');
  await same(grace, [['Ada', null, 'Is there <b>tea</b>?']]);
  await grace.say('Now there is.');
  await same(ada, [['Ada', null, 'Is there <b>tea</b>?'], ['Grace', null, 'Now there is.']]);

  const everything = [['Ada', 'tea', 'Is there <b>tea</b>?'], ['Grace', 'coffee', 'There is coffee.'], ['Grace', 'tea', 'Now there is.']];
  await same(all, everything);
  // Late, by the address of a room, and after a reload.
  const late = await somebody(t, 'Late', '/chat#tea');
  await same(late, [['Ada', null, 'Is there <b>tea</b>?'], ['Grace', null, 'Now there is.']]);
  await all.page.reload();
  await same(all, everything);
  assert.deepEqual(await all.rooms(), ['All rooms', 'coffee', 'general', 'tea']);
});

test('a room that is there is entered, and a name that is none is not made', async (t) => {
  const known = [/409/];
  const one = await somebody(t, 'One', '/chat', known);
  await one.create('attic');
  await one.say('first');
  const other = await somebody(t, 'Other', '/chat', known);
  await other.create('attic');
  await same(other, [['One', null, 'first']]);
  await other.page.fill('#room', 'Not A Room');
  await other.page.press('#room', 'Enter');
  assert.equal(await other.page.$eval('#room', (field) => field.validity.patternMismatch), true);
  await sees(other.page, '#here', 'attic');
});

test('a room is a topic like others: whoever publishes to it is read, and its end is told', async (t) => {
  const page = await somebody(t, 'Me', '/chat#lounge', [/409/]);
  await producer.batch({ topic: 'chat.lounge', events: [{ text: 'from a shell' }], end: {} });
  await same(page, [['somebody', null, 'from a shell']]);
  await sees(page.page, '#messages .note', 'lounge is closed.');
  await page.page.fill('#text', 'too late');
  await page.page.press('#text', 'Enter');
  await sees(page.page, '#problem', /ended/);
});

test('where nothing may be published over HTTP, the page says so and can be read', async (t) => {
  const plain = await startBridge(t, '--demo');
  const page = await open(t, '/chat', { from: plain, known: [/INCOMPLETE_CHUNKED/] });
  await sees(page, '#off', /can only read\. Start it with\s+--http_publish to write\./);
  assert.equal(await page.isDisabled('#text') && await page.isDisabled('#room') && await page.isDisabled('#say button'), true);
  assert.match(await reads(page, '#rooms'), /general/);
});
