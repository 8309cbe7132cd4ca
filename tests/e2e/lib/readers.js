'use strict';

// The clients that readers really use, behind one shape: `reader.events()` is what came so far, and `reader.ended(ms)`
// waits until the client has understood that nothing more will come.

const { EventSource: NpmEventSource } = require('eventsource');
const { createParser } = require('eventsource-parser');
const { fetchEventSource } = require('@microsoft/fetch-event-source');
const { Agent, EventSource: UndiciEventSource, setGlobalDispatcher } = require('undici');
const { Child } = require('./process.js');
const { until } = require('./until.js');

// Loading playwright-core puts its own undici under Node's fetch, and that one takes a body without its last chunk for a
// whole one.
setGlobalDispatcher(new Agent());

// The package is written for pages: it asks the window for its timers and the document whether it can be seen.
globalThis.window ??= globalThis;
globalThis.document ??= { hidden: false, addEventListener() {}, removeEventListener() {} };

function eventSource(EventSource) {
  return async (t, url, types) => {
    const source = new EventSource(url);
    t.after(() => source.close());
    const events = [];
    for (const type of ['message', ...types]) {
      source.addEventListener(type, (event) => events.push({ type: event.type, id: event.lastEventId, data: event.data }));
    }
    return {
      events: async () => events,
      ended: (ms) => until('the EventSource to close', () => source.readyState === EventSource.CLOSED, ms),
    };
  };
}

async function fetchReader(t, url) {
  const events = [];
  const abort = new AbortController();
  let ended = false;
  t.after(() => abort.abort());
  fetchEventSource(url, {
    signal: abort.signal,
    openWhenHidden: true,
    fetch: globalThis.fetch,
    onmessage: ({ event, id, data }) => events.push({ type: event || 'message', id, data }),
    onclose: () => { ended = true; },
  });
  return { events: async () => events, ended: (ms) => until('fetch-event-source to finish', () => ended, ms) };
}

async function curl(t, url) {
  const child = new Child('curl', ['-sS', '-N', url]);
  t.after(() => child.stop('SIGKILL'));
  return {
    events: async () => decode(child.stdout),
    ended: async (ms) => {
      const { code, stderr } = await child.wait(ms);
      if (code !== 0) throw new Error(`curl exited ${code}: ${stderr}`);  // 18: the last chunk is missing
    },
  };
}

function chromium(browser, bridge) {
  return async (t, url, types) => {
    const page = await browser.page(t);
    await page.goto(`${bridge.http}/`);
    await openInPage(page, url, types);
    return {
      events: () => page.evaluate(() => window.sluice.events),
      ended: (ms) => page.waitForFunction(() => window.sluice.source.readyState === EventSource.CLOSED, null, { timeout: ms ?? 10000 }),
    };
  };
}

// Opens an EventSource in a page and gathers its events in `window.sluice.events`.
async function openInPage(page, url, types = [], options = {}) {
  await page.evaluate(([url, types, options]) => {
    const source = new EventSource(url, options);
    const events = [];
    window.sluice = { source, events, opened: 0 };
    source.addEventListener('open', () => { window.sluice.opened += 1; });
    for (const type of ['message', ...types]) {
      source.addEventListener(type, (event) => events.push({ type: event.type, id: event.lastEventId, data: event.data }));
    }
  }, [url, types, options]);
}

// What a whole stream's text says, by a parser that is not ours. As in a browser, the id carries over.
function decode(text) {
  const events = [];
  let lastId = '';
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      lastId = id ?? lastId;
      events.push({ type: event ?? 'message', id: lastId, data });
    },
  });
  parser.feed(text);
  return events;
}

const nodeReaders = {
  'undici EventSource': eventSource(UndiciEventSource),
  'npm eventsource': eventSource(NpmEventSource),
  'fetch-event-source': fetchReader,
  'curl -N': curl,
};

module.exports = { NpmEventSource, UndiciEventSource, chromium, decode, fetchReader, nodeReaders, openInPage };
