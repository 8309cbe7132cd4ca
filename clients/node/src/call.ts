// One PublishWithFeedback call.

import type { ClientDuplexStream, Metadata, StatusObject } from '@grpc/grpc-js';
import type { OnAbort } from './gen/sluice/v1/event.js';
import {
  PublishWithFeedbackRequest, PublisherServiceService, type Ack, type PublishWithFeedbackResponse, type PublisherServiceClient,
} from './gen/sluice/v1/publisher_service.js';
import type { Feedback } from './feedback.js';
import type { Entry } from './outbox.js';

interface Request { topic: string; entries: Entry[] }

const { path, responseDeserialize } = PublisherServiceService.publishWithFeedback;
const EVENTS = 2;  // the number of PublishRequest.events
const LENGTH_DELIMITED = 2;
const ANSWER_MS = 5000;

export class Call {
  /** Set once the call is over. */
  status?: StatusObject;
  /** What is stored of this call. */
  ack: Required<Ack> = { requests: 0, accepted: 0, duplicates: 0, lastCursor: '' };
  /** grpc-js wants no more before its `drain`. */
  full = false;
  halfClosed = false;

  #stream: ClientDuplexStream<Request, PublishWithFeedbackResponse>;
  #entries: number[] = [];  // of each request that is not acknowledged

  /** Calls `acknowledged` with how many more entries are stored, `heard` with feedback, `changed` after all else. */
  constructor(client: PublisherServiceClient, metadata: Metadata, private readonly onAbort: OnAbort,
              on: { acknowledged: (entries: number) => void; heard: (item: Feedback) => void; changed: () => void }) {
    this.#stream = client.makeBidiStreamRequest(path, (request) => this.#encode(request), responseDeserialize, metadata);
    this.#stream.on('data', ({ ack, interest, stop }: PublishWithFeedbackResponse) => {
      if (ack) on.acknowledged(this.#take(ack));
      if (interest) on.heard({ kind: 'interest', topic: '', subscribers: 0, ...interest });
      if (stop) on.heard({ kind: 'stop', topic: '', reason: '', ...stop });
    });
    this.#stream.on('drain', () => {
      this.full = false;
      on.changed();
    });
    this.#stream.on('error', () => {});  // the status says the same
    this.#stream.on('status', (status) => {
      this.status = status;
      on.changed();
    });
  }

  write(entries: Entry[]): void {
    this.#entries.push(entries.length);
    this.full = !this.#stream.write({ topic: entries[0]!.topic, entries });
  }

  /** Tells the bridge of a topic that an earlier call served, so that it hears of its readers and keeps its claim. */
  name(topic: string): void {
    this.#entries.push(0);
    this.full = !this.#stream.write({ topic, entries: [] });
  }

  /** Half-closes a call all of which is stored. So nothing depends on the bridge's answer, and it may take only so long. */
  end(): void {
    this.halfClosed = true;
    this.#stream.end();
    const timer = setTimeout(() => this.cancel(), ANSWER_MS);
    this.#stream.once('status', () => clearTimeout(timer));
  }

  cancel(): void { this.#stream.cancel(); }

  #take(ack: Ack): number {
    const stored = this.#entries.splice(0, (ack.requests ?? 0) - this.ack.requests);
    this.ack = { ...this.ack, ...ack };
    return stored.reduce((sum, entries) => sum + entries, 0);
  }

  // Events were encoded when they were published; here they only get their tag and their length.
  #encode({ topic, entries }: Request): Buffer {
    const writer = PublishWithFeedbackRequest.encode({ topic, onAbort: this.onAbort, end: entries.at(-1)?.end });
    for (const { event } of entries) {
      if (event) writer.tag(EVENTS, LENGTH_DELIMITED).bytes(event);
    }
    return Buffer.from(writer.finish());
  }
}
