'use strict';

// Requests that were whole once: what a table forgets, chance may find. Always the same ones, so that a failure can be run
// again.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { SERVED, answers, checkError, get, request, useScene } = require('./lib/hostile.js');
const { Raw } = require('./lib/raw.js');

const scene = useScene('--http_publish');

const post = (...fields) => request('POST /v1/topics/damaged/events HTTP/1.1', ...fields);
const WHOLE = [
  get(SERVED, 'Accept: text/event-stream', 'Last-Event-ID: abc', 'Origin: https://app.example'),
  get('/nowhere'),
  request('OPTIONS * HTTP/1.1'),
  `${post('Content-Length: 5', 'Sluice-Event-Type: x')}hello`,
  `${post('Transfer-Encoding: chunked')}5;x=y\r\nhello\r\n0\r\nX: 1\r\n\r\n`,
  `GET ${SERVED}?last=1&heartbeat=5 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
];
const ODD = [
  '\r', '\n', '\r\n', '\0', ' ', ':', ',', ';', '%', '%00', '/', '?', '&', '=', '\t', '\x7f', '\xff', '0', '-', '+', 'HTTP/1.1 ', 'a'.repeat(9000),
];

// Two requests, with a few bytes changed, lost, doubled or moved.
function* damaged(count) {
  let seed = 20261121;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let n = 0; n < count; ++n) {
    let bytes = WHOLE[random(WHOLE.length)] + WHOLE[random(WHOLE.length)];
    for (let times = 1 + random(4); times > 0; --times) {
      const [at, length] = [random(bytes.length), random(8)];
      const kinds = [ODD[random(ODD.length)], '', bytes.substr(random(bytes.length), length), String.fromCharCode(random(256))];
      bytes = bytes.slice(0, at) + kinds[random(kinds.length)] + bytes.slice(at + (random(2) ? length : 0));
    }
    yield bytes;
  }
}

// Whole answers, maybe a stream behind them, and no more.
function check(raw) {
  assert.ok(raw.ended, 'closed in an orderly way');
  const text = raw.bytes.toString('latin1');
  const at = text.indexOf('Content-Type: text/event-stream');
  const stream = at < 0 ? text.length : text.lastIndexOf('HTTP/1.1 ', at);
  assert.doesNotMatch(text.slice(stream + 1), /HTTP\/1\.1 \d\d\d [A-Z]/, 'nothing behind a stream');
  for (const answer of answers({ bytes: raw.bytes.subarray(0, stream) })) {
    if (answer.status >= 400) checkError(answer, answer.status);
    else assert.ok([200, 204].includes(answer.status));
  }
}

test('6-14: 3,000 damaged requests are each answered as a whole, or not at all', async (t) => {
  const all = damaged(3000);
  await Promise.all(Array.from({ length: 50 }, async () => {
    for (const bytes of all) {
      const raw = new Raw(scene.bridge);
      t.after(() => raw.close());
      raw.socket.end(bytes, 'latin1');
      await raw.untilClosed(60000);
      try {
        check(raw);
      } catch (error) {
        throw new Error(`${JSON.stringify(bytes)}: ${error.message}; it got ${JSON.stringify(raw.bytes.toString('latin1'))}`);
      }
    }
  }));
  await scene.unharmed();
});

scene.close();
