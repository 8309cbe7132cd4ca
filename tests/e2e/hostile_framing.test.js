'use strict';

// Where one request ends and the next begins: groups 2, 7 and 8 of the table in tests/README.md. What two parsers could
// read in two ways is refused, and what stands behind it is never a request.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { HOST, MARK, SERVED, answered, answers, checkClosed, checkError, get, play, refused, request, served, useScene } = require('./lib/hostile.js');
const { Raw } = require('./lib/raw.js');

const scene = useScene();
const NOWHERE = get('/nowhere');

const post = (...fields) => request(`POST ${SERVED} HTTP/1.1`, ...fields);
const SMUGGLE = `0\r\n\r\n${get('/smuggled')}`;

// Each as a GET and as a POST; the length of a body is judged before the method is.
const both = (what, ...fields) => [
  [`a GET with ${what}`, get(SERVED, ...fields), refused(400)],
  [`a POST with ${what}`, post(...fields), refused(400)],
];

scene.rows({
  '2 bodies of a GET': [
    ['a GET with a body that does not come', get(SERVED, 'Content-Length: 10'), refused(400)],
    ['a GET with a body', `${get(SERVED, 'Content-Length: 5')}hello`, refused(400)],
    ['a GET with chunks', `${get(SERVED, 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`, refused(400)],
    ['a HEAD with a body', request(`HEAD ${SERVED} HTTP/1.1`, 'Content-Length: 5'), refused(400)],
    ['a GET with a body of 10 EB', get(SERVED, 'Content-Length: 9999999999999999999'), refused(400)],
    ['a GET with an empty body', get(SERVED, 'Content-Length: 0'), served],
  ],

  '7 lengths and encodings': [
    ...both('Content-Length and Transfer-Encoding', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    ...both('Transfer-Encoding and Content-Length', 'Transfer-Encoding: chunked', 'Content-Length: 5'),
    ...both('Content-Length: 0 and Transfer-Encoding', 'Content-Length: 0', 'Transfer-Encoding: chunked'),
    ...both('two lengths', 'Content-Length: 5', 'Content-Length: 6'),
    ...both('one length twice', 'Content-Length: 5', 'Content-Length: 5'),
    ...both('a length in another case', 'CONTENT-LENGTH: 5', 'content-length: 6'),
    ...['+5', '-1', '-0', '5,5', '5, 6', '0x5', '5.0', '1e1', '5 5', '', '5;', '"5"', '18446744073709551616', '99999999999999999999999', '\xb2',
        '\xd9\xa5'].flatMap((length) => both(`the length "${length}"`, `Content-Length: ${length}`)),
    ...['xchunked', 'chunkedx', 'chunked, identity', 'identity, chunked', 'identity', 'gzip, chunked', 'chunked, chunked', 'chunked;q=1',
        '"chunked"', '', '\x0bchunked', 'chun\tked', 'chunked\xff', 'cow'].flatMap((encoding) => both(
        `the encoding ${JSON.stringify(encoding)}`, `Transfer-Encoding: ${encoding}`)),
    ...both('two encodings', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    ...both('two encodings that differ', 'Transfer-Encoding: identity', 'Transfer-Encoding: chunked'),
    ...both('a folded encoding', 'Transfer-Encoding:', ' chunked'),
    ...both('a length before the colon of which is a space', 'Content-Length : 5'),
    ...both('an encoding before the colon of which is a space', 'Transfer-Encoding : chunked'),
    ['a length behind a line that ends with LF alone', `POST ${SERVED} HTTP/1.1\r\n${HOST}\r\nX: 1\nContent-Length: 5\r\n\r\n`, refused(400)],
    ['a length behind a bare CR', `POST ${SERVED} HTTP/1.1\r\n${HOST}\r\nX: 1\rContent-Length: 5\r\n\r\n`, refused(400)],
    ['an encoding in HTTP/1.0', `POST ${SERVED} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${SMUGGLE}`, refused(400)],
    ['a request in the body, by the length', `${post('Content-Length: 6', 'Transfer-Encoding: chunked')}${SMUGGLE}`, refused(400)],
    ['a request in the body, by the encoding',
     `${post('Transfer-Encoding: chunked', 'Content-Length: 4')}5c\r\n${get('/smuggled')}\r\n0\r\n\r\n`, refused(400)],
    ['a request in the body of a GET', `${get(SERVED, `Content-Length: ${NOWHERE.length}`)}${NOWHERE}`, refused(400)],
    ['a field that only looks like a length', get(SERVED, 'Content_Length: 5', 'X-Content-Length: 5', 'Content-Length-: 5'), served],
  ],

  '8 requests behind requests': [
    ['a stream with a request behind it', get(SERVED) + NOWHERE, served],
    ['a stream with a stream behind it', get(SERVED) + get(SERVED), served],
    ['a stream with half a request behind it', `${get(SERVED)}GET /now`, served],
    ['a stream with a body that was not announced', `${get(SERVED)}${MARK}\r\n\r\n\0\xff`, served],
    ['a request with a request behind it', NOWHERE, answered(404)],
    ['a request with rubbish behind it', `${NOWHERE}\r\n${MARK}\r\n`, {
      says: 'answered, the rubbish is 400',
      async check(t, bridge, bytes) {
        const raw = await play(t, bridge, bytes);
        await checkClosed(raw);
        const [first, second, ...others] = answers(raw);
        checkError(first, 404);
        checkError(second, 400);
        assert.deepEqual(others, []);
      },
    }],
  ],
});

test("2: a GET with a body takes no subscriber's place", async (t) => {
  await play(t, scene.bridge, get('/v1/topics/slot/events', 'Content-Length: 10'));
  await scene.unharmed();
  assert.equal(await scene.producer.getTopic('slot'), undefined);
});

test('8: requests behind a stream that stays open are dropped, and the stream goes on', async (t) => {
  const raw = await play(t, scene.bridge, get('/v1/topics/open/events') + NOWHERE);
  await raw.until('the opening', () => raw.text.length > 0);
  for (let n = 0; n < 10; ++n) {
    raw.socket.write(NOWHERE + get(SERVED));
    await scene.producer.batch({ topic: 'open', events: [{ text: `event ${n}` }] });
    await raw.until('the event', () => raw.text.includes(`data: event ${n}\n\n`));
  }
  await scene.producer.batch({ topic: 'open', end: {} });
  await checkClosed(raw);
  assert.ok(raw.chunked.last);
  assert.equal(raw.chunked.rest.length, 0);
  assert.equal(raw.bytes.toString('latin1').split('HTTP/1.1 ').length - 1, 1, 'one answer');
  await scene.unharmed();
});

test('8: a request that comes byte by byte is what it would have been at once', async (t) => {
  const raw = new Raw(scene.bridge);
  t.after(() => raw.close());
  raw.socket.setNoDelay();
  for (const byte of NOWHERE + get(SERVED)) await new Promise((resolve) => { raw.socket.write(byte, resolve); });
  await checkClosed(raw);
  const stream = raw.bytes.indexOf('HTTP/1.1 200');
  assert.ok(stream > 0);
  assert.ok(raw.bytes.subarray(stream).equals(scene.served));
  await scene.unharmed();
});

test('8: 20,000 requests at once are answered one after the other, however late the answers are read', async (t) => {
  const raw = new Raw(scene.bridge);
  t.after(() => raw.close());
  raw.socket.pause();
  raw.socket.write(NOWHERE.repeat(20000) + request('OPTIONS * HTTP/1.1', 'Connection: close'), 'latin1');
  for (let n = 0; n < 10; ++n) await scene.unharmed();
  raw.socket.resume();
  await raw.untilClosed(60000);
  await checkClosed(raw);
  const statuses = raw.bytes.toString('latin1').match(/^HTTP\/1\.1 \d+/gm);
  assert.equal(statuses.length, 20001);
  assert.equal(statuses.filter((status) => status === 'HTTP/1.1 404').length, 20000);
  await scene.unharmed();
});

scene.close();
