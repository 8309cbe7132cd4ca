// Requests other than streams.

import type { History, SluiceEvent } from './types.js';

export interface RequestOptions {
  /** A function is asked at each request, so that a token may be renewed. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /** `include` sends cookies to a bridge of another origin. */
  credentials?: RequestCredentials;
  signal?: AbortSignal;
}

/** What the bridge refused, or why a topic failed. */
export class SluiceError extends Error {
  override name = 'SluiceError';
  /** `code`: a name of gRPC's, `NOT_FOUND` for example. `status`: that of the HTTP answer, if it was one. */
  constructor(readonly code: string, message: string, readonly status?: number) { super(message); }
}

export const topicUrl = (base: string, topic: string, what: string) =>
  `${base.replace(/\/$/, '')}/v1/topics/${encodeURIComponent(topic)}/${what}`;

/** An answer of 2xx. Throws a SluiceError for what is final, and anything else for what is worth another try. */
export async function request(url: string, { headers, ...options }: RequestOptions & Omit<RequestInit, 'headers'>,
                              more: Record<string, string> = {}): Promise<Response> {
  const all = new Headers(typeof headers === 'function' ? await headers() : headers);
  for (const name in more) all.set(name, more[name]!);
  const response = await fetch(url, { cache: 'no-store', ...options, headers: all });
  if (response.ok) return response;
  const { status, statusText } = response;
  const { error } = await response.json().catch(() => ({}));
  const refused = new SluiceError(error?.code ?? 'UNKNOWN', error?.message ?? statusText, status);
  throw [429, 502, 503, 504].includes(status) ? new Error(refused.message, { cause: refused }) : refused;
}

// An event as the bridge wraps it; `id` is the one of the stream that it came over.
export const unwrap = (event: SluiceEvent, id = event.id): SluiceEvent =>
  ({ ...event, id, type: event.type || 'message', value: event.json ? JSON.parse(event.data) : event.data });

export interface HistoryOptions extends RequestOptions {
  /** The last so many, 1-1000. */
  last?: number;
  /** What comes after this id or cursor, `limit` of it (1-1000, 100). */
  after?: string;
  limit?: number;
}

/** What a topic keeps. Fails with the code NOT_FOUND if it is not there. */
export async function history(base: string, topic: string, { last, after, limit, ...options }: HistoryOptions = {}):
    Promise<History> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ last, after, limit })) {
    if (value !== undefined) query.set(name, String(value));
  }
  const page: History = await (await request(`${topicUrl(base, topic, 'history')}?${query}`, options)).json();
  return { ...page, events: page.events.map((event) => unwrap(event)) };
}

/** Asks a topic's producers to stop, and says how many were asked; 0 if none listens. They decide. */
export async function stop(base: string, topic: string, reason = '', options: RequestOptions = {}): Promise<number> {
  try {
    // A string is text/plain, for which a page of another origin needs no preflight.
    const body = JSON.stringify({ reason });
    return (await (await request(topicUrl(base, topic, 'stop'), { ...options, method: 'POST', body })).json()).producers;
  } catch (error) {
    if (error instanceof SluiceError && error.status === 409) return 0;
    throw error;
  }
}
