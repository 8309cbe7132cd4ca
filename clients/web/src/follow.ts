// A stream of one topic or several, until it ends.

import { parser } from './parser.js';
import { SluiceError, history, request, topicUrl, unwrap, type RequestOptions } from './requests.js';
import type { Ended, Gap, SluiceEvent } from './types.js';

export interface FollowOptions extends RequestOptions {
  /** Called for each event. Without it, events wait for `for await`. */
  onEvent?: (event: SluiceEvent) => void;
  /** Events are missing here. */
  onGap?: (gap: Gap) => void;
  /** One of several topics has ended. */
  onEnded?: (ended: Ended) => void;
  /** It failed for good, as `done` says, too. */
  onError?: (error: unknown) => void;
  /** A connection stands, or is lost and will be made again. */
  onOpen?: () => void;
  onLost?: () => void;
  /** Nothing has been heard for three heartbeats; another connection is made. */
  onSilent?: () => void;
  /** Draw this many of a topic's last events first, 1-1000, all at once. */
  snapshot?: number;
  onSnapshot?: (events: SluiceEvent[]) => void;
  /** Types of events to be told of, besides `message`: an EventSource wants to know their names. */
  types?: string[];
  /** Use fetch() and not EventSource; `headers` do, too. Then all types are told. */
  fetch?: boolean;
  /** Where to begin. An id wins. */
  from?: 'earliest' | 'latest';
  last?: number;
  lastEventId?: string;
  /** Seconds of silence after which the bridge sends a comment, 1-60. Default: 15. */
  heartbeat?: number;
  /** Whether to look for silent connections. Default: true. */
  watch?: boolean;
}

export interface Stream extends AsyncIterable<SluiceEvent> {
  /** True at the end, false after close(). Rejected with a SluiceError if the topic failed or the bridge refused. */
  readonly done: Promise<boolean>;
  /** Where another stream of the same topics would go on. */
  readonly lastEventId: string;
  close(): void;
}

const LONGEST_PAUSE = 30_000;

/**
 * Follows a topic, several, or patterns. `base` is where the bridge is, '' for the page's own origin. It comes back by itself
 * after a lost connection and goes on after the last event; only the bridge's word ends it, or what the bridge refuses.
 */
export function follow(base: string, topics: string | string[], options: FollowOptions = {}): Stream {
  const { credentials, headers, heartbeat = 15, types = [], watch = true, onError, onEvent, onGap, onLost, onOpen } = options;
  const names = [topics].flat();
  const single = names.length === 1 && !/[*>]/.test(names[0]!) ? names[0] : undefined;
  const asks = { credentials, headers };

  let lastId = options.lastEventId ?? '';
  let retry = 2000;
  let failures = 0;                     // connections in a row that did not open
  let opened = false;                   // the one of now did
  let over = false;
  let failure: SluiceError | undefined; // what the bridge said right before the end
  let source: EventSource | undefined;
  let abort: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wake = () => {};
  const queue: SluiceEvent[] = [];

  let settle!: (value: boolean | Promise<never>) => void;
  const done = new Promise<boolean>((resolve) => { settle = resolve; });
  if (onError) done.catch(onError);

  const finish = (how: boolean | Promise<never>) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    source?.close();
    abort?.abort();
    options.signal?.removeEventListener('abort', close);
    settle(how);
    wake();
  };
  const end = (error: unknown = failure) => { if (!over) finish(error ? Promise.reject(error) : true); };
  const close = () => finish(false);

  const deliver = (event: SluiceEvent) => {
    if (onEvent) onEvent(event);
    else queue.push(event);
    wake();
  };

  const take = (type: string, data: string, id: string) => {
    if (over) return;
    heard();
    lastId = id;
    // One line of JSON, always. WebKit may have glued it to what a broken connection left of an event.
    const line = data.slice(data.lastIndexOf('\n') + 1);
    if (line === '[DONE]') return end();
    const said = JSON.parse(line);
    if (type === 'sluice.gap') onGap?.(said);
    else if (type === 'sluice.ended') options.onEnded?.(said);
    else if (said.cursor) deliver(unwrap(said, id));
    else if (said.code) failure = new SluiceError(said.code, said.message);
  };

  // Three heartbeats without a byte are a dead connection. An EventSource does not show heartbeats, so there nobody can tell a
  // dead connection from a topic with nothing to say: it is made anew, which loses nothing, and is silent if it does not open.
  const heard = () => {
    clearTimeout(timer);
    if (watch && !over) timer = setTimeout(silent, heartbeat * 3000);
  };
  const silent = () => {
    if (!source || !opened) options.onSilent?.();
    if (source) {
      source.close();
      open();
    } else {
      abort?.abort();
    }
  };

  const isOpen = () => {
    opened = true;
    failures = 0;
    heard();
    onOpen?.();
  };

  const url = (query: Record<string, unknown>) => {
    const all = new URLSearchParams(single ? [] : names.map((name) => ['topic', name]));
    for (const [name, value] of Object.entries({ envelope: 'json', heartbeat, from: options.from, last: options.last, ...query })) {
      if (value !== undefined && value !== '') all.set(name, String(value));
    }
    return `${single ? topicUrl(base, single, 'events') : `${base.replace(/\/$/, '')}/v1/events`}?${all}`;
  };

  // With an EventSource. One that has given up does not say why: fetch() goes on then, and learns it.
  const open = () => {
    const own = source = new EventSource(url({ last_event_id: lastId }), { withCredentials: credentials === 'include' });
    opened = false;
    heard();
    own.onopen = isOpen;
    for (const type of new Set(['message', 'error', 'sluice.gap', 'sluice.position', 'sluice.ended', ...types])) {
      own.addEventListener(type, (event) => {
        if (event instanceof MessageEvent) {
          take(event.type, event.data, event.lastEventId);
        } else if (!over) {
          onLost?.();
          if (own.readyState !== 2) return;
          source = undefined;
          persist(read);
        }
      });
    }
  };

  // With fetch(), one connection.
  const read = async () => {
    opened = false;
    const response = await request(url({}), { ...asks, signal: abort!.signal },
                                   { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) });
    if (response.status === 204) return end();
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      throw new SluiceError('UNKNOWN', 'this is no event stream', response.status);
    }
    isOpen();
    const feed = parser({
      // What a callback throws is the page's, as with an EventSource: the stream goes on.
      event: (...event) => { try { take(...event); } catch (error) { reportError(error); } },
      id: (id) => { lastId = id; },
      retry: (ms) => { retry = ms; },
    }, lastId);
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      // A last chunk without [DONE] may be an end, or the work of a proxy: the bridge answers 204 to who comes back at an end.
      if (done || over) return;
      heard();
      feed(decoder.decode(value, { stream: true }));
    }
  };

  const draw = async () => {
    const page = await history(base, single!, { ...asks, last: options.snapshot, signal: abort!.signal })
        .catch((error) => { if (error.status !== 404) throw error; });
    if (over) return;
    const events = page?.events ?? [];
    if (options.onSnapshot) options.onSnapshot(events);
    else events.forEach(deliver);
    if (page?.gap) onGap?.(page.gap);
    lastId = page?.cursor ?? '';
    if (page?.ended) end(page.error ? new SluiceError(page.error.code, page.error.message) : undefined);
    else start();
  };

  // Does one thing until it ends the stream, or, for a snapshot, has gone well.
  const persist = async (step: () => Promise<void>) => {
    while (!over) {
      try {
        abort = new AbortController();
        heard();
        await step();
        if (step === draw) return;
      } catch (error) {
        if (error instanceof SluiceError) return end(error);
      }
      if (over) return;
      clearTimeout(timer);
      onLost?.();
      await new Promise((resolve) => { setTimeout(resolve, Math.min(retry * 2 ** failures++, LONGEST_PAUSE)); });
    }
  };

  const start = () => {
    if (headers || options.fetch || !globalThis.EventSource) persist(read);
    else open();
  };

  if (options.signal?.aborted) close();
  options.signal?.addEventListener('abort', close);
  if (options.snapshot && single) persist(draw);
  else if (!over) start();

  return {
    done,
    close,
    get lastEventId() { return lastId; },
    async *[Symbol.asyncIterator]() {
      done.catch(() => {});
      try {
        for (;;) {
          while (queue.length) yield queue.shift()!;
          if (over) {
            await done;
            return;
          }
          await new Promise<void>((resolve) => { wake = resolve; });
        }
      } finally {
        close();
      }
    },
  };
}
