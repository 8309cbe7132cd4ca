// What a caller publishes, and its bytes.

import { Event } from './gen/sluice/v1/event.js';

/** One event; at most one of `text`, `json` and `message`. None is an empty text. */
export interface EventInput {
  /** The idempotency key: 1-128 bytes of [A-Za-z0-9._~+/=-]. A Publisher makes one for an event without. */
  id?: string;
  /** What readers listen for, up to 128 bytes; none reaches `onmessage`. */
  type?: string;
  /** Goes out as it is, a line a `data:` line. */
  text?: string;
  /** Goes out as compact JSON. Members that are undefined are left out, and toJSON() is called, as JSON.stringify does. */
  json?: unknown;
  /** A google.protobuf.Any, whose type the bridge has to know; goes out as protobuf's JSON. */
  message?: { typeUrl: string; value: Uint8Array };
  /** How long readers wait before they come back, from now on: 100 to 86,400,000 milliseconds. */
  retry?: number;
}

/** Why a topic failed. */
export interface EndError {
  /** A gRPC status code, 1-16. */
  code: number;
  /** A sentence for the reader. */
  message: string;
}

// A value as JSON has it. Not JSON.parse(JSON.stringify()), which loses the sign of -0 and lets NaN through as null.
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    if (['string', 'number', 'boolean'].includes(typeof value) || value === null) return value;
    if (value === undefined) return null;
    throw new TypeError(`a ${typeof value} has no JSON`);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(value.toJSON());
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(
      Object.entries(value).filter(([, member]) => member !== undefined).map(([name, member]) => [name, plain(member)]));
}

/** A sluice.v1.Event, with `id` if it has none of its own. */
export function toEvent(input: EventInput | string, id?: string): Event {
  const { json, retry, ...rest } = typeof input === 'string' ? { text: input } as EventInput : input;
  const payloads = [rest.text, json, rest.message].filter((payload) => payload !== undefined);
  if (payloads.length > 1) throw new TypeError('an event has one of text, json and message');
  const event: Event = { ...rest, id: rest.id || id };
  if (json !== undefined) event.json = plain(json);
  if (retry !== undefined) event.retry = { seconds: Math.trunc(retry / 1000), nanos: Math.round(retry % 1000 * 1e6) };
  return event;
}
