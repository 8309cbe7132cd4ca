// A reader of a topic's stream that comes back like a browser, and keeps every event.

import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../../tests/e2e/lib/until.js';

export class Reader {
  events = [];  // { id, type, data }
  #lastId = '';
  #abort = new AbortController();

  constructor(url) {
    this.url = url;
    this.#run();
  }

  async #run() {
    while (!this.#abort.signal.aborted && !this.over) {
      try {
        const headers = this.#lastId ? { 'Last-Event-ID': this.#lastId } : {};
        // Not fetch(): Node.js 20's takes a body that lacks its last chunk for a whole one.
        const [response] = await once(http.get(this.url, { headers, signal: this.#abort.signal }), 'response');
        let text = '';
        for await (const part of response.setEncoding('utf8')) {
          text += part;
          for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) this.#take(text.slice(0, end));
        }
        this.over = true;  // only an end sends the last chunk
      } catch {
        await delay(20);
      }
    }
  }

  #take(block) {
    const event = { id: '', type: 'message', data: [] };
    for (const line of block.split('\n')) {
      const [, name, value] = /^(\w*):? ?(.*)$/s.exec(line);
      if (name === 'id') event.id = this.#lastId = value;
      if (name === 'event') event.type = value;
      if (name === 'data') event.data.push(value);
    }
    this.events.push({ ...event, data: event.data.join('\n') });
  }

  get data() { return this.events.filter(({ type, data }) => type === 'message' && data !== '[DONE]').map(({ data }) => data); }
  until(what, probe, ms = 60000) { return until(() => `${what}; it has ${this.events.length} events`, () => probe(this.events), ms); }
  close() { this.#abort.abort(); }
}

export function read(t, bridge, topic) {
  const reader = new Reader(bridge.events(topic));
  t.after(() => reader.close());
  return reader;
}
