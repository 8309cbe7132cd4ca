import { describe, expect, test, vi } from 'vitest';
import { SluiceError, follow, type FollowOptions, type SluiceEvent } from '../src/index.js';
import { FakeEventSource, done, event, frame, turn, useFakes } from './fakes.js';

const bridge = useFakes();

// Follows with callbacks that keep what they are told.
function keep(options: FollowOptions = {}, topics: string | string[] = 't') {
  const seen: unknown[] = [];
  const note = (name: string) => (what?: unknown) => { seen.push(what === undefined ? name : [name, what]); };
  const stream = follow('http://bridge/', topics, {
    onEvent: ({ type, value, id }) => { seen.push([type, value, id]); }, onGap: note('gap'), onEnded: note('ended'),
    onLost: note('lost'), onOpen: note('open'), onSilent: note('silent'),
    onError: (error) => { seen.push(['error', (error as SluiceError).code, (error as Error).message]); }, ...options,
  });
  return { seen, stream };
}
const texts = (events: SluiceEvent[]) => events.map(({ data }) => data);

describe('with fetch()', () => {
  test('it reads to [DONE], with the page\'s headers, and asks no more', async () => {
    const { seen, stream } = keep({ headers: { Authorization: 'Bearer x' }, from: 'earliest', heartbeat: 5 });
    await turn();
    const [answer] = bridge.answers;
    expect(answer!.url.href).toBe('http://bridge/v1/topics/t/events?envelope=json&heartbeat=5&from=earliest');
    expect(Object.fromEntries(answer!.request.headers)).toEqual({ accept: 'text/event-stream', authorization: 'Bearer x' });
    answer!.write(`retry: 100\n: sluice\n${frame(event('a', 1), 'e-1')}`);
    answer!.write(frame(event('{"n":1}', 2, { json: true, type: 'tick' }), 'mine', 'tick') + done(3));
    await turn();
    expect(await stream.done).toBe(true);
    expect(seen).toEqual(['open', ['message', 'a', 'e-1'], ['tick', { n: 1 }, 'mine']]);
    await turn(1e6);
    expect(bridge.answers.length).toBe(1);
    expect(stream.lastEventId).toBe('e-3');
  });

  test('it comes back after the last event, when the bridge says, and then more slowly', async () => {
    const { seen } = keep({ fetch: true });
    await turn();
    bridge.answers[0]!.write(`retry: 100\n${frame(event('a', 1), 'e-1')}id: e-2\ndata: half`);
    await turn();
    bridge.next = [new TypeError('no network'), 503, 200];
    bridge.answers[0]!.cut();
    await turn(99);
    expect(bridge.next.length).toBe(3);
    await turn(1);
    expect(bridge.next.length).toBe(2);
    await turn(200);
    expect(bridge.next.length).toBe(1);
    await turn(400);
    expect(bridge.next.length).toBe(0);
    expect(bridge.answers.at(-1)!.request.headers.get('last-event-id')).toBe('e-1');
    bridge.answers.at(-1)!.write(frame(event('b', 2), 'e-2'));
    await turn();
    expect(seen).toEqual(['open', ['message', 'a', 'e-1'], 'lost', 'lost', 'lost', 'open', ['message', 'b', 'e-2']]);
  });

  test('a body that ends without [DONE] is over when the bridge answers 204, and not before', async () => {
    const { stream } = keep({ fetch: true });
    let over = false;
    stream.done.then(() => { over = true; });
    await turn();
    bridge.answers[0]!.write(frame(event('a', 1), 'e-1'));
    bridge.answers[0]!.end();
    await turn(1999);
    expect(over).toBe(false);
    bridge.next = [204];
    await turn(1);
    expect(over).toBe(true);
    expect(bridge.answers.length).toBe(2);
  });

  test('a failed end rejects, with its code and message', async () => {
    const { seen, stream } = keep({ fetch: true });
    await turn();
    bridge.answers[0]!.write(frame(event('an event of a producer\'s', 1, { type: 'error' }), 'e-1', 'error'));
    bridge.answers[0]!.write(frame({ code: 'INTERNAL', message: 'disk full' }, 'e-1', 'error') + done(2));
    await expect(stream.done).rejects.toMatchObject({ name: 'SluiceError', code: 'INTERNAL', message: 'disk full' });
    expect(seen).toEqual(['open', ['error', 'an event of a producer\'s', 'e-1'], ['error', 'INTERNAL', 'disk full']]);
  });

  test('what the bridge refuses rejects, and is not asked again', async () => {
    bridge.next = [[403, '{"error":{"code":"PERMISSION_DENIED","message":"not yours"}}', 'application/json']];
    const { stream } = keep({ fetch: true });
    await expect(stream.done).rejects.toMatchObject({ code: 'PERMISSION_DENIED', message: 'not yours', status: 403 });
    bridge.next = [[200, '<html>', 'text/html']];
    await expect(keep({ fetch: true }).stream.done).rejects.toMatchObject({ message: 'this is no event stream' });
    await turn(1e6);
    expect(bridge.answers.length).toBe(2);
  });

  test('headers are asked for at each connection', async () => {
    let token = 0;
    keep({ headers: async () => ({ Authorization: `Bearer ${++token}` }) });
    await turn();
    bridge.answers[0]!.cut();
    await turn(2000);
    expect(bridge.answers.map(({ request }) => request.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2']);
  });

  test('a connection without a byte for three heartbeats is silent, a comment is a byte', async () => {
    const { seen } = keep({ fetch: true, heartbeat: 2 });
    await turn();
    bridge.answers[0]!.write(': sluice\n');
    for (let n = 0; n < 10; ++n) {
      await turn(5000);
      bridge.answers[0]!.write(': heartbeat\n');
      await turn();
    }
    expect(seen).toEqual(['open']);
    await turn(6000);
    expect(seen).toEqual(['open', 'silent', 'lost']);
    await turn(2000);
    expect(bridge.answers.length).toBe(2);
    expect(seen).toEqual(['open', 'silent', 'lost', 'open']);
  });

  test('a character that is split over two reads is whole', async () => {
    const { seen } = keep({ fetch: true });
    await turn();
    const bytes = new TextEncoder().encode(`\u{feff}${frame(event('😀', 1), 'e-1')}`);
    for (const byte of bytes) bridge.answers[0]!.bytes(Uint8Array.of(byte));
    await turn();
    expect(seen).toEqual(['open', ['message', '😀', 'e-1']]);
  });

  test('what a callback throws is reported, and the stream goes on', async () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    const seen: string[] = [];
    follow('', 't', { fetch: true, onEvent: ({ data }) => { seen.push(data); throw new Error(data); } });
    await turn();
    bridge.answers[0]!.write(frame(event('a', 1), 'e-1') + frame(event('b', 2), 'e-2'));
    await turn();
    expect(seen).toEqual(['a', 'b']);
    expect(reported).toHaveBeenCalledTimes(2);
  });
});

describe('with an EventSource', () => {
  const source = () => FakeEventSource.all.at(-1)!;

  test('it reads to [DONE], and closes', async () => {
    const { seen, stream } = keep({ types: ['tick'], credentials: 'include', last: 3 });
    expect(source().url).toBe('http://bridge/v1/topics/t/events?envelope=json&heartbeat=15&last=3');
    expect(source().init.withCredentials).toBe(true);
    source().opens();
    source().says({}, 'e-0', 'sluice.position');
    source().says(event('a', 1, { type: 'tick' }), 'e-1', 'tick');
    source().says('[DONE]', 'e-2');
    expect(await stream.done).toBe(true);
    expect(seen).toEqual(['open', ['tick', 'a', 'e-1']]);
    expect(source().readyState).toBe(2);
  });

  test('a lost connection is no failed end', async () => {
    const { seen, stream } = keep();
    source().opens();
    source().breaks(0);
    source().opens();
    source().says({ code: 'ABORTED', message: 'producer lost' }, 'e-1', 'error');
    source().breaks(0);
    source().says({ code: 'ABORTED', message: 'producer lost' }, 'e-1', 'error');
    source().says('[DONE]', 'e-2');
    await expect(stream.done).rejects.toMatchObject({ code: 'ABORTED' });
    expect(seen).toEqual(['open', 'lost', 'open', 'lost', ['error', 'ABORTED', 'producer lost']]);
  });

  test('one that gave up is asked why by fetch()', async () => {
    bridge.next = [[404, '{"error":{"code":"NOT_FOUND","message":"not there"}}', 'application/json']];
    const first = keep();
    source().breaks(2);
    await expect(first.stream.done).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });

    bridge.next = [204];
    const second = keep();
    source().says(event('a', 1), 'e-1');
    source().breaks(2);
    expect(await second.stream.done).toBe(true);
    expect(bridge.answers.at(-1)!.request.headers.get('last-event-id')).toBe('e-1');

    bridge.next = [502];
    const third = keep();
    source().breaks(2);
    await turn(2000);
    bridge.answers.at(-1)!.write(frame(event('back', 1), 'e-1'));
    await turn();
    expect(third.seen).toEqual(['lost', 'lost', 'open', ['message', 'back', 'e-1']]);
  });

  test('what WebKit glues to an event of a broken connection is taken off', async () => {
    const { seen, stream } = keep();
    source().says(`{"topic":"t","cur\n${JSON.stringify(event('whole', 2))}`, 'e-2');
    source().says('{"topic":"t"\n[DONE]', 'e-3');
    await stream.done;
    expect(seen).toEqual([['message', 'whole', 'e-2']]);
  });

  test('after three heartbeats without an event it is made anew, and is silent if that does not open', async () => {
    const { seen } = keep({ heartbeat: 2 });
    source().opens();
    source().says(event('a', 1), 'e-1');
    await turn(6000);
    expect(FakeEventSource.all.map(({ readyState }) => readyState)).toEqual([2, 0]);
    expect(source().url).toContain('last_event_id=e-1');
    expect(seen).toEqual(['open', ['message', 'a', 'e-1']]);
    await turn(6000);
    expect(FakeEventSource.all.map(({ readyState }) => readyState)).toEqual([2, 2, 0]);
    expect(seen.slice(2)).toEqual(['silent']);
    source().opens();
    await turn(5999);
    expect(FakeEventSource.all.length).toBe(3);
  });

  test('without watch nothing is made anew', async () => {
    keep({ watch: false });
    source().opens();
    await turn(1e6);
    expect(FakeEventSource.all.length).toBe(1);
  });
});

test('several topics and patterns come over one stream, with their gaps and ends', async () => {
  const { seen, stream } = keep({ fetch: true, lastEventId: 'e-0' }, ['a', 'b.*']);
  await turn();
  expect(bridge.answers[0]!.url.href).toBe('http://bridge/v1/events?topic=a&topic=b.*&envelope=json&heartbeat=15');
  expect(bridge.answers[0]!.request.headers.get('last-event-id')).toBe('e-0');
  const gap = { requested: 'e-0', resumed: 'e-4', reason: 'trimmed', topics: ['a'] };
  const ended = { topic: 'a', error: { code: 'INTERNAL', message: 'x' } };
  bridge.answers[0]!.write(frame(gap, 'e-4', 'sluice.gap') + frame(ended, 'e-5', 'sluice.ended') + done(5));
  expect(await stream.done).toBe(true);
  expect(seen).toEqual(['open', ['gap', gap], ['ended', ended]]);
});

describe('a snapshot', () => {
  const page = (more: object = {}): [number, string, string] => [200, JSON.stringify({
    topic: 't', events: [event('a', 1), event('b', 2)], cursor: 'e-2', ended: false, error: null, gap: null, ...more,
  }), 'application/json'];

  test('is drawn at once, and followed from its cursor', async () => {
    bridge.next = [page()];
    const drawn: string[][] = [];
    const { seen } = keep({ snapshot: 2, onSnapshot: (events) => { drawn.push(texts(events)); } });
    await turn();
    expect(bridge.answers[0]!.url.href).toBe('http://bridge/v1/topics/t/history?last=2');
    expect(drawn).toEqual([['a', 'b']]);
    const url = new URL(FakeEventSource.all[0]!.url);
    expect(url.searchParams.get('last_event_id')).toBe('e-2');
    FakeEventSource.all[0]!.says(event('c', 3), 'e-3');
    expect(seen).toEqual([['message', 'c', 'e-3']]);
  });

  test('of an ended topic is all there is', async () => {
    bridge.next = [page({ ended: true }), page({ ended: true, error: { code: 'ABORTED', message: 'x' } })];
    expect(await keep({ snapshot: 2 }).stream.done).toBe(true);
    await expect(keep({ snapshot: 2 }).stream.done).rejects.toMatchObject({ code: 'ABORTED' });
    expect(FakeEventSource.all).toEqual([]);
  });

  test('of a topic that is not there is empty; a bridge that is away is asked again', async () => {
    bridge.next = [new TypeError('no network'), [404, '{"error":{"code":"NOT_FOUND","message":"x"}}', 'application/json']];
    const drawn: unknown[] = [];
    keep({ snapshot: 2, fetch: true, onSnapshot: (events) => { drawn.push(events); } });
    await turn(2000);
    expect(drawn).toEqual([[]]);
    expect(bridge.answers.at(-1)!.url.pathname).toBe('/v1/topics/t/events');
    expect(bridge.answers.at(-1)!.request.headers.has('last-event-id')).toBe(false);
  });
});

describe('iteration', () => {
  test('gets what came before it, and ends with the stream', async () => {
    const stream = follow('', 't', { fetch: true });
    await turn();
    bridge.answers[0]!.write(frame(event('a', 1), 'e-1') + frame(event('b', 2), 'e-2') + done(3));
    await turn();
    const events = [];
    for await (const one of stream) events.push(one);
    expect(texts(events)).toEqual(['a', 'b']);
  });

  test('throws what the stream fails with, behind all events', async () => {
    const stream = follow('', 't', { fetch: true });
    await turn();
    bridge.answers[0]!.write(frame(event('a', 1), 'e-1') + frame({ code: 'INTERNAL', message: 'x' }, 'e-1', 'error') + done(2));
    const events: SluiceEvent[] = [];
    await expect((async () => { for await (const one of stream) events.push(one); })()).rejects.toBeInstanceOf(SluiceError);
    expect(texts(events)).toEqual(['a']);
  });

  test('that is left closes the stream', async () => {
    const stream = follow('', 't', { fetch: true });
    await turn();
    bridge.answers[0]!.write(frame(event('a', 1), 'e-1'));
    for await (const one of stream) {
      expect(one.data).toBe('a');
      break;
    }
    expect(await stream.done).toBe(false);
    expect(bridge.answers[0]!.request.signal!.aborted).toBe(true);
  });
});

test('close() and a signal end it, and nothing is asked for any more', async () => {
  const abort = new AbortController();
  const streams = [follow('', 't', { fetch: true, signal: abort.signal }), follow('', 't', { signal: abort.signal })];
  await turn();
  abort.abort();
  for (const stream of streams) expect(await stream.done).toBe(false);
  expect(bridge.answers[0]!.request.signal!.aborted).toBe(true);
  expect(FakeEventSource.all[0]!.readyState).toBe(2);
  expect(await follow('', 't', { signal: abort.signal }).done).toBe(false);
  await turn(1e6);
  expect([bridge.answers.length, FakeEventSource.all.length]).toEqual([1, 1]);
});
