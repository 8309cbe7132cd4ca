import { expect, test } from 'vitest';
import { history, stop } from '../src/index.js';
import { event, useFakes } from './fakes.js';

const bridge = useFakes();

test('history() asks for a page, and parses what is JSON', async () => {
  const events = [event('[1]', 1, { json: true, type: 'tick' }), event('[1]', 2)];
  bridge.next = [[200, JSON.stringify({ topic: 't', events, cursor: 'e-2', ended: false, error: null, gap: null }), 'application/json']];
  const page = await history('http://bridge', 'a:b', { after: 'e-0', limit: 5, headers: { Authorization: 'Bearer x' } });
  expect(page.events.map(({ type, value, id }) => [type, value, id])).toEqual([['tick', [1], 'e-1'], ['message', '[1]', 'e-2']]);
  expect(bridge.answers[0]!.url.href).toBe('http://bridge/v1/topics/a%3Ab/history?after=e-0&limit=5');
  expect(bridge.answers[0]!.request.headers.get('authorization')).toBe('Bearer x');
});

test('history() of nothing fails', async () => {
  bridge.next = [[404, '{"error":{"code":"NOT_FOUND","message":"not there"}}', 'application/json']];
  await expect(history('', 't')).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 });
});

test('stop() says how many producers were asked', async () => {
  bridge.next = [[202, '{"producers":2}', 'application/json'], [409, '{}', 'application/json'], [502, 'a proxy', 'text/html']];
  expect(await stop('http://bridge/', 't', 'enough')).toBe(2);
  const [{ url, request }] = bridge.answers as [typeof bridge.answers[0]];
  expect([url.href, request.method, request.body]).toEqual(['http://bridge/v1/topics/t/stop', 'POST', '{"reason":"enough"}']);
  expect(await stop('', 't')).toBe(0);
  await expect(stop('', 't')).rejects.toThrow();
});
