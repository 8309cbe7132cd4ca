'use strict';

const { until } = require('./until.js');

// Every type that our tests publish, and the bridge's own.
const TYPES = ['message', 'error', 'tick', 'build.step', 'größe', 'sluice.gap', 'sluice.position'];

const MS = 60000;

// The blank page of a proxy.
async function openPage(t, browser, proxy) {
  const page = await browser.page(t);
  await page.goto(`${proxy.http}/`);
  return page;
}

// Opens an EventSource in a page, or in a worker of that page, which keeps what comes.
async function follow(page, url, { worker = false, ...options } = {}) {
  await page.evaluate(([url, types, options, worker]) => {
    const kept = { events: [], opened: 0, broken: 0, state: EventSource.CONNECTING };
    (window.followed ??= {})[url] = kept;
    const open = (url, types, options, tell) => {
      const source = new EventSource(url, options);
      source.addEventListener('open', () => tell({ opened: 1, state: source.readyState }));
      for (const type of types) {
        source.addEventListener(type, (event) => {
          if (event instanceof MessageEvent) tell({ event: { type: event.type, id: event.lastEventId, data: event.data } });
          else tell({ broken: 1, state: source.readyState });
        });
      }
      return source;
    };
    const tell = ({ event, opened = 0, broken = 0, state = kept.state }) => {
      if (event) kept.events.push(event);
      kept.opened += opened;
      kept.broken += broken;
      kept.state = state;
    };
    if (!worker) {
      kept.source = open(url, types, options, tell);
      return;
    }
    const call = [new URL(url, location).href, types, options].map((argument) => JSON.stringify(argument)).join();
    kept.worker = new Worker(URL.createObjectURL(new Blob([`(${open})(${call}, postMessage)`], { type: 'text/javascript' })));
    kept.worker.onmessage = ({ data }) => tell(data);
  }, [url, TYPES, options, worker]);

  const get = (field) => page.evaluate(([url, field]) => {
    const kept = window.followed[url];
    return field === 'count' ? kept.events.length : kept[field];
  }, [url, field]);
  return {
    events: () => get('events'),
    count: () => get('count'),
    opened: () => get('opened'),
    broken: () => get('broken'),
    close: () => page.evaluate((url) => window.followed[url].source.close(), url),
    // Waits until the page has this many events.
    has: (count) => until(`${count} events of ${url} in the page`, async () => (await get('count')) >= count, MS),
    // Waits until the EventSource has understood that it is over; then it never comes back.
    closed: async () => {
      await until(`the EventSource of ${url} to close`, async () => (await get('state')) === 2, MS);
      return get('events');
    },
  };
}

module.exports = { MS, follow, openPage };
