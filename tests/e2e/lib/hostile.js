'use strict';

// Input that no client should send, and what has to be true after each of it: the next client is served, a stream that
// was open all the time misses nothing, and the process is the one that was started.
// Bytes are strings of Latin-1 here, so that '\xff' is one byte.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const { useBridge } = require('./bridge.js');
const { useProducer } = require('./producer.js');
const { Raw, dechunk } = require('./raw.js');
const { decode } = require('./readers.js');
const { until } = require('./until.js');

const HOST = 'Host: sluice.test';

// Goes into requests; what goes there has no business in a log or in the head of an answer.
const MARK = 'h0st1le';

const SERVED = '/v1/topics/served/events';

// Never answered behind a request after which nothing can be understood.
const SMUGGLED = request('GET /smuggled HTTP/1.1');

// All that the head of an answer may say, so that nothing of a request can stand in it.
const HEAD_LINES = [
  /^Access-Control-Allow-Credentials: true$/,
  /^Access-Control-Allow-Headers: authorization, cache-control, content-type, last-event-id, sluice-event-id, sluice-event-type$/,
  /^Access-Control-Allow-Methods: GET, HEAD, POST, DELETE, OPTIONS$/,
  /^Access-Control-Allow-Origin: https:\/\/app\.example$/,
  /^Access-Control-Max-Age: 86400$/,
  /^Allow: [A-Z]+(, [A-Z]+)*$/,
  /^Cache-Control: no-cache(, no-transform)?$/,
  /^Connection: (close|keep-alive)$/,
  /^Content-Length: \d+$/,
  /^Content-Type: application\/json; charset=utf-8$/,
  /^Content-Type: text\/event-stream; charset=utf-8$/,
  /^Retry-After: \d+$/,
  /^Transfer-Encoding: chunked$/,
  /^Vary: Origin$/,
  /^X-Accel-Buffering: no$/,
];

const CODES = {
  400: 'INVALID_ARGUMENT', 403: 'PERMISSION_DENIED', 404: 'NOT_FOUND', 405: 'UNIMPLEMENTED', 406: 'INVALID_ARGUMENT', 409: 'FAILED_PRECONDITION',
  408: 'DEADLINE_EXCEEDED', 413: 'RESOURCE_EXHAUSTED', 414: 'INVALID_ARGUMENT', 431: 'RESOURCE_EXHAUSTED', 501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
};

function request(line, ...fields) { return `${[line, HOST, ...fields].join('\r\n')}\r\n\r\n`; }
function get(target, ...fields) { return request(`GET ${target} HTTP/1.1`, ...fields); }
const latin1 = (text) => Buffer.from(text).toString('latin1');  // the bytes of its UTF-8

// Sends bytes over a connection of its own and reads nothing before all are on their way: an answer has to survive that.
async function play(t, bridge, bytes) {
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.socket.pause();
  await new Promise((resolve) => {
    raw.socket.once('close', resolve);
    raw.socket.write(bytes, 'latin1', resolve);
  });
  raw.socket.resume();
  return raw;
}

// The answers that came over a connection whose requests were not for streams: { status, head, body }.
function answers(raw) {
  const found = [];
  let rest = raw.bytes.toString('latin1');
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    assert.ok(end > 0, `no answer: ${JSON.stringify(rest.slice(0, 500))}`);
    const [line, ...head] = rest.slice(0, end).split('\r\n');
    assert.match(line, /^HTTP\/1\.1 [2-5]\d\d [A-Z][A-Za-z ]+$/);
    checkHead(head);
    const status = Number(line.split(' ')[1]);
    const length = Number(/^Content-Length: (\d+)$/m.exec(head.join('\n'))?.[1] ?? 0);
    found.push({ status, head, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

function checkHead(lines) {
  for (const line of lines) assert.ok(HEAD_LINES.some((known) => known.test(line)), `a field of the answer: ${line}`);
  assert.ok(lines.includes('Vary: Origin'));
}

function checkError({ status, head, body }, wanted) {
  assert.equal(status, wanted, body);
  assert.ok(head.includes('Content-Type: application/json; charset=utf-8'), head.join('\n'));
  const parsed = JSON.parse(Buffer.from(body, 'latin1').toString());
  assert.deepEqual(Object.keys(parsed), ['error']);
  assert.deepEqual(Object.keys(parsed.error), ['code', 'message']);
  assert.equal(parsed.error.code, CODES[wanted]);
  assert.ok(parsed.error.message.length > 0);
  assert.ok(!body.includes(MARK), body);
}

// Closed with a FIN and not with a reset, which may eat the answer.
async function checkClosed(raw) {
  await raw.untilClosed();
  assert.ok(raw.ended, `reset, after ${JSON.stringify(raw.bytes.toString('latin1').slice(0, 500))}`);
}

// What may become of a row. `says` ends its sentence; `check` sends the bytes.

// An error, then nothing more: whatever comes behind is not taken for a request.
function refused(status) {
  return {
    says: `${status}, and the connection closes`,
    async check(t, bridge, bytes) {
      const raw = await play(t, bridge, bytes + SMUGGLED);
      await checkClosed(raw);
      const [answer, ...others] = answers(raw);
      checkError(answer, status);
      assert.ok(answer.head.includes('Connection: close'));
      assert.deepEqual(others, []);
    },
  };
}

// An error for a request that was understood; the connection goes on with the next.
function answered(status, check = () => {}) {
  return {
    says: `${status}, and the connection goes on`,
    async check(t, bridge, bytes) {
      const raw = await play(t, bridge, bytes + request('OPTIONS * HTTP/1.1', 'Connection: close'));
      await checkClosed(raw);
      const [answer, next, ...others] = answers(raw);
      if (status >= 400) checkError(answer, status);
      else assert.equal(answer.status, status);
      check(answer);
      assert.equal(next?.status, 204, 'the request behind it');
      assert.deepEqual(others, []);
    },
  };
}

// The stream as anybody gets it: the topic `served`, which has ended.
const served = {
  says: 'served as any other',
  async check(t, bridge, bytes) {
    const raw = await play(t, bridge, bytes);
    await checkClosed(raw);
    checkHead(raw.head.lines);
    assert.equal(raw.head.line, 'HTTP/1.1 200 OK');
    assert.ok(raw.head.lines.includes('Content-Type: text/event-stream; charset=utf-8'));
    assert.ok(raw.head.lines.includes('Connection: close'));
    const { last, rest } = dechunk(raw.body);
    assert.ok(last, 'the last chunk');
    assert.equal(rest.length, 0);
    assert.deepEqual(decode(raw.text).map(({ data }) => data), ['always the same', '[DONE]']);
  },
};

// A close, with or without an answer: it was no HTTP.
const closed = {
  says: 'closed at once',
  async check(t, bridge, bytes) {
    const raw = await play(t, bridge, bytes);
    await checkClosed(raw);
    for (const answer of answers(raw)) checkError(answer, 400);
  },
};

// A slow machine may take longer than the time between two of them.
const withoutHeartbeats = (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('c\r\n: heartbeat\n\r\n', ''), 'latin1');

const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

// A bridge with a witness: a stream that is open from the first test of the file to the last.
function useScene(...flags) {
  const bridge = useBridge('--heartbeat=60s', '--log_level=debug', '--cors_origins=https://app.example', ...flags);
  const producer = useProducer(bridge);
  return new Scene(bridge, producer);
}

class Scene {
  constructor(bridge, producer) {
    Object.assign(this, { bridge, producer, told: [] });
    test('before: a witness opens its stream', () => this.open());
  }

  async open() {
    await this.producer.batch({ topic: 'served', events: [{ text: 'always the same' }], end: {} });
    this.pid = this.bridge.pid;
    this.served = await this.read(SERVED);
    this.descriptors = descriptors(this.pid);
    this.witness = this.ask('/v1/topics/witness/events');
    await this.witness.until('the opening', () => this.witness.text.length > 0);
    await this.unharmed();
  }

  ask(target, ...fields) {
    const raw = new Raw(this.bridge);
    raw.socket.write(get(target, ...fields), 'latin1');
    return raw;
  }

  // All bytes of a stream that ends.
  async read(target, ms) {
    const raw = this.ask(target);
    await raw.untilClosed(ms);
    return raw.bytes;
  }

  get stderr() { return this.bridge.child.stderr; }

  // The next client is served, the witness hears the next event, and nothing has died.
  async unharmed() {
    assert.ok(!this.bridge.child.exited, this.stderr);
    assert.ok((await this.read(SERVED)).equals(this.served), 'the next client gets what the first one got');
    const text = `event ${this.told.length}`;
    await this.producer.batch({ topic: 'witness', events: [{ text }] });
    this.told.push(text);
    await this.witness.until(text, () => this.witness.bytes.includes(`data: ${text}\n\n`));
  }

  async subscribers(topic) { return (await this.producer.getTopic(topic))?.subscribers ?? 0; }

  // A test for each row of a table: { 'number and title of a group': [[what, bytes, outcome], ...] }.
  rows(table) {
    for (const [group, rows] of Object.entries(table)) {
      for (const [what, bytes, outcome] of rows) {
        test(`${group}: ${what} is ${outcome.says}`, async (t) => {
          await outcome.check(t, this.bridge, typeof bytes === 'function' ? await bytes() : bytes);
          await this.unharmed();
        });
      }
    }
  }

  // The last test of a file.
  close() {
    test('after: the witness got every event once, byte for byte, and the bridge is as it was', async () => {
      await this.producer.batch({ topic: 'witness', end: {} });
      await this.witness.untilClosed();
      assert.ok(this.witness.ended);
      assert.deepEqual(decode(this.witness.text).map(({ data }) => data), [...this.told, '[DONE]']);
      const undisturbed = await this.read('/v1/topics/witness/events');
      assert.ok(undisturbed.equals(withoutHeartbeats(this.witness.bytes)), 'as an undisturbed stream');
      assert.equal(this.bridge.pid, this.pid);
      await until(() => `${descriptors(this.pid)} descriptors to become ${this.descriptors}`,
                  () => descriptors(this.pid) <= this.descriptors, 20000);
      checkLog(this.stderr);
    });
  }
}

// One line a record, nothing that a terminal obeys, nothing that clients sent.
function checkLog(text) {
  for (const line of text.split('\n').slice(0, -1)) {
    assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARNING|ERROR) /);
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  }
  assert.ok(!text.includes(MARK), text);
}

module.exports = {
  CODES, HOST, MARK, SERVED, SMUGGLED, answered, answers, checkClosed, checkError, checkHead, checkLog, closed, descriptors, get, latin1,
  play, refused, request, served, useScene,
};
