// What TypeScript has to take, and what it has to refuse. Compiled, never run.

import { credentials } from '@grpc/grpc-js';
import { PublishError, Publisher, publishOnce, type Feedback } from '@sluice/publisher';

export async function use(): Promise<number> {
  await using publisher = new Publisher('localhost:50051', { credentials: credentials.createSsl(), onAbort: 'fail' });
  await publisher.publish('topic', { type: 'tick', json: { n: [1, null] } }, { signal: AbortSignal.timeout(1000) });
  const stop: Feedback | undefined = await publisher.stream('topic', async function* (signal: AbortSignal) {
    yield signal.aborted ? 'a string' : { text: 'an event', retry: 500 };
  });
  for await (const item of publisher.feedback()) {
    if (item.kind === 'interest') return item.subscribers;
    // @ts-expect-error: a stop has no subscribers
    if (item.kind === 'stop') return item.subscribers;
  }
  // @ts-expect-error: a payload is text, json or message
  await publisher.publish('topic', { data: 'x' });
  const { accepted } = await publishOnce('localhost:50051', 'topic', ['x'], { end: { code: 13, message: stop?.topic ?? '' } });
  return accepted + new PublishError(13, 'x').violations.length;
}
