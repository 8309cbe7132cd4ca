import { describe, expect, test } from 'vitest';
import { parser } from '../src/parser.js';

// Everything that a parser finds in these pieces of text.
function parse(pieces: string[], id = '') {
  const events: { type: string; data: string; id: string }[] = [];
  const retries: number[] = [];
  let last = id;
  const feed = parser({
    event: (type, data, id) => { events.push({ type, data, id }); },
    id: (id) => { last = id; },
    retry: (ms) => { retries.push(ms); },
  }, id);
  pieces.forEach(feed);
  return { events, retries, last };
}
const data = (...pieces: string[]) => parse(pieces).events.map((event) => event.data);

describe('an event stream', () => {
  test('has events of fields, in any order', () => {
    expect(parse(['data: a\nevent: tick\nid: 1\n\nid: 2\ndata: b\n\n']).events)
        .toEqual([{ type: 'tick', data: 'a', id: '1' }, { type: 'message', data: 'b', id: '2' }]);
  });

  test('has the examples of the standard', () => {
    expect(data('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual(['YHOO\n+2\n10']);
    expect(parse([': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n']).events)
        .toEqual([{ type: 'message', data: 'first event', id: '1' }, { type: 'message', data: 'second event', id: '' },
                  { type: 'message', data: ' third event', id: '' }]);
    expect(data('data\n\ndata\ndata\n\ndata:')).toEqual(['', '\n']);
    expect(data('data:test\n\ndata: test\n\n')).toEqual(['test', 'test']);
  });

  const text = ': c\r\nid: é1\r\ndata: a\rdata: 😀\n\ndata: b\r\r\revent: x\r\ndata:\r\n\r\n';
  const whole = parse([text]);
  test('may break lines by CR, LF and CRLF, and be split anywhere', () => {
    expect(whole.events).toEqual([{ type: 'message', data: 'a\n😀', id: 'é1' }, { type: 'message', data: 'b', id: 'é1' },
                                  { type: 'x', data: '', id: 'é1' }]);
    expect(parse([...text])).toEqual(whole);
    for (let at = 0; at <= text.length; ++at) expect(parse([text.slice(0, at), '', text.slice(at)])).toEqual(whole);
  });

  test('does not wait for an LF behind a CR', () => {
    expect(data('data: a\r\r')).toEqual(['a']);
  });

  test('loses an event that is not whole', () => {
    expect(parse(['id: 1\ndata: a\n\nid: 2\ndata: b\n'])).toMatchObject({ events: [{ data: 'a' }], last: '1' });
  });

  test('has an id without an event', () => {
    expect(parse(['id: 7\n\n'])).toEqual({ events: [], retries: [], last: '7' });
  });

  test('keeps the id of the connection before', () => {
    expect(parse(['data: a\n\n'], '6').events).toEqual([{ type: 'message', data: 'a', id: '6' }]);
  });

  test('has no id with NUL, no odd retry, and no field that nobody knows', () => {
    expect(parse(['id: 1\nid: 2\0\nretry: 1s\nretry: -1\nretry:\nretry: 300\nDATA: x\n data: y\ndata : z\ndata: a\n\n']))
        .toEqual({ events: [{ type: 'message', data: 'a', id: '1' }], retries: [300], last: '1' });
  });

  test('forgets a type without data', () => {
    expect(parse(['event: tick\n\ndata: a\n\n']).events).toMatchObject([{ type: 'message', data: 'a' }]);
  });
});
