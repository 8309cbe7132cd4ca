// What readers do, for whoever listens.

/** A topic went from no readers to some or back, or a reader asks its producer to stop. */
export type Feedback =
  | { kind: 'interest'; topic: string; subscribers: number }
  | { kind: 'stop'; topic: string; reason: string };

/** Feedback for one listener. What waits is bounded: the last word on a topic's readers, and one stop a topic. */
export class FeedbackQueue implements AsyncIterableIterator<Feedback> {
  #items = new Map<string, Feedback>();
  #takers: { resolve: (result: IteratorResult<Feedback>) => void; reject: (reason: unknown) => void }[] = [];
  #over?: { error?: unknown };

  /** `left` is called when the listener has gone. */
  constructor(private readonly left: (queue: FeedbackQueue) => void) {}

  push(item: Feedback): void {
    const taker = this.#takers.shift();
    if (taker) {
      taker.resolve({ value: item, done: false });
      return;
    }
    const key = `${item.kind} ${item.topic}`;
    this.#items.delete(key);
    this.#items.set(key, item);
  }

  /** Nothing more comes: an end, or an error. */
  close(error?: unknown): void {
    this.#over ??= { error };
    for (const { resolve, reject } of this.#takers.splice(0)) {
      if (error === undefined) resolve({ value: undefined, done: true });
      else reject(error);
    }
  }

  next(): Promise<IteratorResult<Feedback>> {
    for (const [key, value] of this.#items) {
      this.#items.delete(key);
      return Promise.resolve({ value, done: false });
    }
    if (this.#over?.error !== undefined) return Promise.reject(this.#over.error);
    if (this.#over) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => { this.#takers.push({ resolve, reject }); });
  }

  return(): Promise<IteratorResult<Feedback>> {
    this.left(this);
    this.#items.clear();
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this { return this; }
}
