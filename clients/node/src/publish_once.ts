// One Publish call, as it is: no buffer, no retry.

import { once } from 'node:events';
import type { ClientWritableStream } from '@grpc/grpc-js';
import { PublishError, acceptedOf, violationsOf } from './errors.js';
import { toEvent, type EndError, type EventInput } from './event.js';
import type { PublishRequest, PublishResponse } from './gen/sluice/v1/publisher_service.js';
import { connect, metadataOf, onAbortOf, type CallOptions } from './options.js';
import type { Totals } from './publisher.js';

export interface PublishOnceOptions extends CallOptions {
  /** Ends the topic after the events: true, or how it failed. */
  end?: boolean | EndError;
  /** When the call has to be over. */
  deadline?: Date;
  signal?: AbortSignal;
}

/** Publishes the events of an iterable in one call, ids only where they have them. Fails with a PublishError. */
export async function publishOnce(target: string, topic: string,
                                  events: Iterable<EventInput | string> | AsyncIterable<EventInput | string>,
                                  options: PublishOnceOptions = {}): Promise<Totals> {
  const { deadline, end, signal } = options;
  signal?.throwIfAborted();
  const metadata = await metadataOf(options);
  const client = connect(target, options);
  let call: ClientWritableStream<PublishRequest> | undefined;
  const cancel = () => call?.cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    return await new Promise<Totals>((resolve, reject) => {
      let over = false;
      const open = client.publish(metadata, { deadline }, (error, response: PublishResponse) => {
        over = true;
        open.emit('drain');
        if (!error) resolve({ accepted: 0, duplicates: 0, lastCursor: '', ...response });
        else if (signal?.aborted) reject(signal.reason);
        else reject(new PublishError(error.code, error.details, {
          accepted: acceptedOf(error.metadata), violations: violationsOf(error.metadata),
        }));
      });
      call = open;
      const write = async (request: PublishRequest) => {
        if (!over && !open.write(request) && !over) await once(open, 'drain');
      };
      (async () => {
        // Named first, so that an iterable without events ends its topic, too, and readers are counted from the beginning.
        await write({ topic, onAbort: onAbortOf(options) });
        for await (const event of events) {
          if (over) return;
          await write({ events: [toEvent(event)] });
        }
        if (end) await write({ end: end === true ? {} : { error: end } });
        open.end();
      })().catch((error) => {
        reject(error);
        open.cancel();
      });
    });
  } finally {
    signal?.removeEventListener('abort', cancel);
    client.close();
  }
}
