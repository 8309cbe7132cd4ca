// A bridge and an EventSource that do what a test says.

import { afterEach, beforeEach, vi } from 'vitest';

export const event = (data: string, n: number, more: object = {}) => ({
  topic: 't', id: `e-${n}`, cursor: `e-${n}`, type: '', data, json: false, time: '2026-01-01T00:00:00Z', ...more,
});
export const frame = (said: unknown, id: string, type = '') =>
  `id: ${id}\n${type && `event: ${type}\n`}data: ${typeof said === 'string' ? said : JSON.stringify(said)}\n\n`;
export const done = (n: number) => frame('[DONE]', `e-${n}`);

// One answer of a fetch() that a test writes bit by bit.
export class Answer {
  #body!: ReadableStreamDefaultController<Uint8Array>;
  readonly response: Response;
  constructor(readonly url: URL, readonly request: RequestInit & { headers: Headers }, status: number, body?: string,
              type = 'text/event-stream; charset=utf-8') {
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => { this.#body = controller; } });
    request.signal?.addEventListener('abort', () => { this.cut(request.signal!.reason); });
    this.response = new Response(status === 204 ? null : body ?? (status === 200 ? stream : ''), { status, headers: { 'content-type': type } });
  }
  write(text: string) { this.#body.enqueue(new TextEncoder().encode(text)); }
  bytes(bytes: Uint8Array) { this.#body.enqueue(bytes); }
  end() { this.#body.close(); }
  cut(reason: unknown = new TypeError('network error')) { try { this.#body.error(reason); } catch { /* it is over */ } }
}

export class FakeEventSource extends EventTarget {
  static all: FakeEventSource[] = [];
  readyState = 0;
  onopen?: () => void;
  constructor(readonly url: string, readonly init: EventSourceInit) {
    super();
    FakeEventSource.all.push(this);
  }
  opens() { this.readyState = 1; this.onopen?.(); }
  breaks(state: number) { this.readyState = state; this.dispatchEvent(new Event('error')); }
  says(said: unknown, lastEventId: string, type = 'message') {
    this.dispatchEvent(new MessageEvent(type, { data: typeof said === 'string' ? said : JSON.stringify(said), lastEventId }));
  }
  close() { this.readyState = 2; }
}

// Gives pages this fetch(): `answers` are made of statuses or [status, body, type] in order, 200 and open after the last one.
export function useFakes() {
  const bridge = { answers: [] as Answer[], next: [] as (number | [number, string, string?] | Error)[] };
  beforeEach(() => {
    vi.useFakeTimers();
    bridge.answers = [];
    bridge.next = [];
    FakeEventSource.all = [];
    vi.stubGlobal('EventSource', FakeEventSource);
    vi.stubGlobal('fetch', async (url: string, request: RequestInit & { headers: Headers }) => {
      const next = bridge.next.shift() ?? 200;
      if (next instanceof Error) throw next;
      const [status, body, type] = typeof next === 'number' ? [next] : next;
      const answer = new Answer(new URL(url, 'http://page'), request, status, body, type);
      bridge.answers.push(answer);
      return answer.response;
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  return bridge;
}

export const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
