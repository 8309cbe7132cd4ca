// Publishes over PublishWithFeedback until everything is acknowledged.

import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { status, type StatusObject } from '@grpc/grpc-js';
import { Call } from './call.js';
import { PublishError, acceptedOf, violationsOf } from './errors.js';
import { toEvent, type EndError, type EventInput } from './event.js';
import { FeedbackQueue, type Feedback } from './feedback.js';
import { Event } from './gen/sluice/v1/event.js';
import { connect, metadataOf, onAbortOf, type CallOptions } from './options.js';
import { Outbox, type Entry } from './outbox.js';
import { streamTo, type Source, type StreamOptions } from './stream.js';

export interface PublisherOptions extends CallOptions {
  /** What is not acknowledged, at most: 10,000 events, 8 MiB. Beyond it publish() waits. */
  maxBufferedEvents?: number;
  maxBufferedBytes?: number;
  /** Milliseconds without an acknowledgement while something is unacknowledged, after which it fails. Default: 60,000. */
  giveUpAfter?: number;
  /** Aborts the publisher: what is not acknowledged is lost. */
  signal?: AbortSignal;
}

/** Over all calls: accepted + duplicates is the number of events that were published. */
export interface Totals { accepted: number; duplicates: number; lastCursor: string }

interface Waiting { signal?: AbortSignal }

// What a broken connection looks like; OK is one if it comes before we said that we are done.
const BROKEN = new Set([status.OK, status.UNAVAILABLE, status.CANCELLED, status.INTERNAL, status.UNKNOWN]);
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

export class Publisher {
  readonly #client;
  readonly #outbox;
  readonly #giveUpAfter;
  readonly #options;
  readonly #id = randomBytes(8).toString('hex');
  readonly #listeners = new Set<FeedbackQueue>();
  readonly #named = new Set<string>();  // topics that the next call has to name again
  readonly #running;
  #events = 0;
  #totals: Totals = { accepted: 0, duplicates: 0, lastCursor: '' };
  #call?: Call;
  #closing?: Promise<Totals>;
  #error?: unknown;
  #broken?: unknown;  // why the last call broke
  #timer?: NodeJS.Timeout;
  #abort = new AbortController();
  #wake: () => void = () => {};
  #changed!: Promise<void>;

  /** `target`: HOST:PORT of the bridge's gRPC. Connects when there is something to publish. */
  constructor(target: string, options: PublisherOptions = {}) {
    this.#options = options;
    this.#outbox = new Outbox(options.maxBufferedEvents ?? 10_000, options.maxBufferedBytes ?? 8 * 1024 * 1024);
    this.#giveUpAfter = options.giveUpAfter ?? 60_000;
    this.#client = connect(target, options);
    this.#notify();
    const { signal } = options;
    const abort = () => this.#fail(signal!.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#running = this.#run().catch((error) => this.#fail(error)).finally(() => {
      signal?.removeEventListener('abort', abort);
      this.#release();
    });
  }

  /**
   * Publishes an event, or a string as one. Resolves when it is in the buffer, which is at once unless that is full; flush()
   * and close() tell when it is stored. Events are published in the order of the calls, awaited or not.
   */
  async publish(topic: string, event: EventInput | string, { signal }: Waiting = {}): Promise<void> {
    const bytes = Event.encode(toEvent(event, `${this.#id}.${++this.#events}`)).finish();
    return this.#add({ topic, event: bytes }, signal);
  }

  /** Ends a topic: readers are told that it is complete. */
  async end(topic: string, { signal }: Waiting = {}): Promise<void> { return this.#add({ topic, end: {} }, signal); }

  /** Ends a topic as failed. `code` is a gRPC status code, 1-16. */
  async fail(topic: string, code: number, message: string, { signal }: Waiting = {}): Promise<void> {
    const error: EndError = { code, message };
    return this.#add({ topic, end: { error } }, signal);
  }

  /** Names a topic without publishing anything, so that feedback() tells of its readers. */
  async announce(topic: string, { signal }: Waiting = {}): Promise<void> { return this.#add({ topic }, signal); }

  /**
   * Publishes what an iterable yields, then ends the topic; if the iterable throws, fails the topic and throws the same.
   * A function gets an AbortSignal that says when a reader has asked to stop. Resolves when all of it is stored.
   */
  stream(topic: string, source: Source, options?: StreamOptions): Promise<Feedback | undefined> {
    return streamTo(this, topic, source, options);
  }

  /** What readers do with the topics that are named from now on. Ends with the publisher. */
  feedback(): AsyncIterableIterator<Feedback> {
    const queue = new FeedbackQueue((one) => this.#listeners.delete(one));
    if (this.#error !== undefined || this.#closing) queue.close(this.#error);
    else this.#listeners.add(queue);
    return queue;
  }

  /** Resolves when all that was published so far is stored. */
  async flush({ signal }: Waiting = {}): Promise<void> {
    signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    return this.#outbox.flush(signal);
  }

  /** Waits until everything is stored, and says how much that was. */
  close(): Promise<Totals> {
    this.#closing ??= (async () => {
      this.#notify();
      await this.#running;
      if (this.#error !== undefined) throw this.#error;
      return this.#totals;
    })();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> { await this.close(); }

  async #add(entry: Entry, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    if (this.#closing) throw new PublishError(status.CANCELLED, 'the publisher is closed');
    if (entry.end) this.#named.delete(entry.topic);
    else if (this.#options.onAbort === 'fail' || this.#listeners.size) this.#named.add(entry.topic);
    const added = this.#outbox.add(entry, signal);
    this.#timer ??= setTimeout(() => this.#giveUp(), this.#giveUpAfter);
    this.#notify();
    return added;
  }

  // One call after another, until all is stored and nothing more is to come.
  async #run(): Promise<void> {
    for (let pause = FIRST_PAUSE; this.#error === undefined;) {
      if (this.#outbox.empty && (this.#closing || !this.#named.size)) {
        if (this.#closing) return;
        await this.#changed;
        continue;
      }
      const stored = this.#totals.accepted + this.#totals.duplicates;
      const ended = await this.#callOnce();
      if (!ended || this.#error !== undefined) return;
      if (!BROKEN.has(ended.code)) throw this.#final(ended);
      this.#broken = new PublishError(ended.code, ended.details);
      if (this.#totals.accepted + this.#totals.duplicates > stored) pause = FIRST_PAUSE;
      await delay(pause * (0.5 + Math.random() / 2), undefined, { signal: this.#abort.signal }).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  // Publishes over one call until it is over, and returns how it ended; undefined if everything is done.
  async #callOnce(): Promise<StatusObject | undefined> {
    let metadata;
    try {
      metadata = await metadataOf(this.#options);
    } catch (error) {
      return { code: status.UNAVAILABLE, details: `no metadata: ${error}`, metadata: undefined! };
    }
    if (this.#error !== undefined) return undefined;
    const before = this.#totals;
    const call: Call = new Call(this.#client, metadata, onAbortOf(this.#options), {
      acknowledged: (entries) => {
        const { accepted, duplicates, lastCursor } = call.ack;
        this.#totals = {
          accepted: before.accepted + accepted, duplicates: before.duplicates + duplicates,
          lastCursor: lastCursor || before.lastCursor,
        };
        this.#outbox.acknowledge(entries);
        this.#timer?.refresh();
        this.#notify();
      },
      heard: (item) => this.#listeners.forEach((queue) => queue.push(item)),
      changed: () => this.#notify(),
    });
    this.#call = call;
    const again = [...this.#named];
    for (;;) {
      if (call.status) break;
      const entries = call.full || call.halfClosed || again.length ? [] : this.#outbox.next();
      if (again.length && !call.full) call.name(again.shift()!);
      else if (entries.length) call.write(entries);
      else if (this.#closing && this.#outbox.empty && !call.halfClosed) call.end();
      else await this.#changed;
    }
    this.#call = undefined;
    this.#outbox.rewind();
    const stored = acceptedOf(call.status.metadata);
    if (stored !== undefined) this.#totals = { ...this.#totals, accepted: before.accepted + stored };
    return this.#closing && this.#outbox.empty ? undefined : call.status;
  }

  #final({ code, details, metadata }: StatusObject): PublishError {
    return new PublishError(code, details, {
      accepted: this.#totals.accepted, unacknowledged: this.#outbox.events, violations: violationsOf(metadata),
    });
  }

  #giveUp(): void {
    if (this.#outbox.empty) return;
    this.#fail(new PublishError(status.UNAVAILABLE, `${this.#outbox.events} events were not acknowledged for ${this.#giveUpAfter} ms`, {
      accepted: this.#totals.accepted, unacknowledged: this.#outbox.events, cause: this.#broken,
    }));
  }

  #fail(error: unknown): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#call?.cancel();
    this.#abort.abort();
    this.#outbox.fail(error);
    this.#release();
  }

  #release(): void {
    clearTimeout(this.#timer);
    for (const queue of this.#listeners) queue.close(this.#error);
    this.#listeners.clear();
    this.#client.close();
    this.#notify();
  }

  // Lets #run look again. Not at once: what is published in the same turn goes out together.
  #notify(): void {
    this.#wake();
    this.#changed = new Promise((resolve) => { this.#wake = resolve; });
    if (this.#outbox.empty) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }
}
