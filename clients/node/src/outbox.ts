// What was published and is not acknowledged, in order, within bounds.

import type { End } from './gen/sluice/v1/event.js';

/** One step of a topic: an event, its end, or, with neither, its name alone. */
export interface Entry {
  topic: string;
  event?: Uint8Array;
  end?: End;
}

interface Numbered extends Entry { number: number }
interface Waiting { entry: Numbered; resolve: () => void; reject: (reason: unknown) => void; leave: () => void }
interface Flush { upTo: number; resolve: () => void; reject: (reason: unknown) => void }

// What one request carries at most.
const REQUEST_EVENTS = 64;
const REQUEST_BYTES = 256 * 1024;

const sizeOf = (entry: Entry) => entry.event?.length ?? 0;

export class Outbox {
  #kept: Numbered[] = [];      // the first #sent of them are in the open call
  #sent = 0;
  #bytes = 0;
  #waiting: Waiting[] = [];    // for room, in order
  #flushes: Flush[] = [];
  #last = 0;                   // the number of the last entry there was

  constructor(private readonly maxEvents: number, private readonly maxBytes: number) {}

  /** Nothing is kept, and nothing waits for room. */
  get empty(): boolean { return this.#kept.length === 0 && this.#waiting.length === 0; }
  /** Bytes of the events that are kept. */
  get bytes(): number { return this.#bytes; }
  /** Events that are kept. */
  get events(): number { return this.#kept.filter(({ event }) => event).length; }

  /** Takes an entry, at once or when there is room. An entry that is larger than the bound has room when nothing is kept. */
  add(entry: Entry, signal?: AbortSignal): Promise<void> {
    const numbered = { ...entry, number: ++this.#last };
    if (this.#waiting.length === 0 && this.#hasRoom(numbered)) {
      this.#keep(numbered);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const abandon = () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        this.#admit();
        reject(signal!.reason);
      };
      const waiting = { entry: numbered, resolve, reject, leave: () => signal?.removeEventListener('abort', abandon) };
      this.#waiting.push(waiting);
      signal?.addEventListener('abort', abandon, { once: true });
    });
  }

  /** What the next request carries: entries of one topic, an end as the last. Empty: all is sent. */
  next(): Entry[] {
    const first = this.#sent;
    let bytes = 0;
    for (let end; !end && this.#sent < this.#kept.length && this.#sent - first < REQUEST_EVENTS; ++this.#sent) {
      const entry = this.#kept[this.#sent]!;
      bytes += sizeOf(entry);
      if (this.#sent > first && (entry.topic !== this.#kept[first]!.topic || bytes > REQUEST_BYTES)) break;
      end = entry.end;
    }
    return this.#kept.slice(first, this.#sent);
  }

  /** The first `count` entries are stored. */
  acknowledge(count: number): void {
    for (const entry of this.#kept.splice(0, count)) this.#bytes -= sizeOf(entry);
    this.#sent -= count;
    this.#admit();
  }

  /** The call is gone: the next one begins with the first entry that is not acknowledged. */
  rewind(): void { this.#sent = 0; }

  /** Resolves when all that there is by now is acknowledged. */
  flush(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#flushes.push({ upTo: this.#last, resolve, reject });
      this.#settle();
    });
  }

  /** Nothing more is sent. Those who wait are told why. */
  fail(reason: unknown): void {
    const waiting = [...this.#waiting, ...this.#flushes];
    this.#waiting.forEach(({ leave }) => leave());
    this.#waiting = [];
    this.#flushes = [];
    this.#kept = [];
    this.#sent = 0;
    this.#bytes = 0;
    waiting.forEach(({ reject }) => reject(reason));
  }

  #hasRoom(entry: Entry): boolean {
    return this.#kept.length === 0 ||
        (this.#kept.length < this.maxEvents && this.#bytes + sizeOf(entry) <= this.maxBytes);
  }

  #keep(entry: Numbered): void {
    this.#kept.push(entry);
    this.#bytes += sizeOf(entry);
  }

  #admit(): void {
    let admitted = 0;
    for (const { entry, resolve, leave } of this.#waiting) {
      if (!this.#hasRoom(entry)) break;
      this.#keep(entry);
      leave();
      resolve();
      ++admitted;
    }
    this.#waiting.splice(0, admitted);
    this.#settle();
  }

  #settle(): void {
    const oldest = this.#kept[0]?.number ?? this.#waiting[0]?.entry.number ?? Infinity;
    while (this.#flushes.length && this.#flushes[0]!.upTo < oldest) this.#flushes.shift()!.resolve();
  }
}
