// A topic from its first event to its end, out of one iterable.

import { status } from '@grpc/grpc-js';
import type { EventInput } from './event.js';
import type { Feedback } from './feedback.js';
import type { Publisher } from './publisher.js';

type Items = Iterable<EventInput | string> | AsyncIterable<EventInput | string>;
export type Source = Items | ((signal: AbortSignal) => Items);

export interface StreamOptions {
  /** Whether a reader's wish to stop ends the iteration, and completes the topic. Default: true. */
  stoppable?: boolean;
}

// gRPC's errors have codes of their own; Node.js's are strings, and what else there may be is UNKNOWN.
function codeOf(error: unknown): number {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'number' && Number.isInteger(code) && code >= 1 && code <= 16 ? code : status.UNKNOWN;
}

/** See Publisher.stream(). Resolves to the stop that ended it, if one did. */
export async function streamTo(publisher: Publisher, topic: string, source: Source, { stoppable = true }: StreamOptions = {}):
    Promise<Feedback | undefined> {
  const abort = new AbortController();
  const feedback = stoppable ? publisher.feedback() : undefined;
  let stop: Feedback | undefined;
  const stopped = new Promise<undefined>((resolve, reject) => {
    (async () => {
      for await (const item of feedback ?? []) {
        if (item.kind !== 'stop' || item.topic !== topic) continue;
        stop = item;
        break;
      }
      if (!stop) return;  // the publisher or this stream is over
      abort.abort(stop);
      resolve(undefined);
    })().catch(reject);
  });
  stopped.catch(() => {});

  let iterator: Iterator<EventInput | string> | AsyncIterator<EventInput | string> | undefined;
  // Not awaited: a generator that is waiting for something answers only after that.
  const leave = () => { Promise.resolve(iterator?.return?.()).catch(() => {}); };
  try {
    await publisher.announce(topic);
    for (;;) {
      let item;
      try {
        const items = iterator ? undefined : typeof source === 'function' ? source(abort.signal) : source;
        if (items) iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
        const next = Promise.resolve(iterator!.next());
        item = await Promise.race([stopped, next]);
        if (stop) next.catch(() => {});
      } catch (error) {
        if (stop) break;
        const message = error instanceof Error ? error.message : String(error);
        await publisher.fail(topic, codeOf(error), message).then(() => publisher.flush()).catch(() => {});
        throw error;
      }
      if (!item || item.done) break;
      await publisher.publish(topic, item.value);
    }
    if (stop) leave();
    await publisher.end(topic);
    await publisher.flush();
    return stop;
  } catch (error) {
    leave();
    throw error;
  } finally {
    await feedback?.return?.();
  }
}
