'use strict';

// Bodies as no client should send them: what groups 2, 7, 14-16 and 45-50 of the table in tests/README.md are to an HTTP
// server that takes events.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { startBridge } = require('./lib/bridge.js');
const { MARK, answered, answers, checkClosed, checkError, get, latin1, play, refused, request, useScene } = require('./lib/hostile.js');
const { Producer } = require('./lib/producer.js');
const { Raw } = require('./lib/raw.js');
const { decode } = require('./lib/readers.js');
const { until } = require('./lib/until.js');

const MOST = 1 << 20;
const scene = useScene('--http_publish', '--body_timeout=2s', '--max_topics=1000', `--max_event_bytes=${MOST}`);
const TARGET = '/v1/topics/posted/events';
const NOWHERE = get('/nowhere');

const head = (...fields) => request(`POST ${TARGET} HTTP/1.1`, ...fields);
const post = (body, ...fields) => head(`Content-Length: ${body.length}`, ...fields) + body;
const chunk = (body) => `${body.length.toString(16)}\r\n${body}\r\n`;
const chunked = (...pieces) => `${head('Transfer-Encoding: chunked')}${pieces.join('')}`;
const postJson = (json, type = 'application/json') => post(json, `Content-Type: ${type}`);
const changeHead = (target, ...fields) => request(`POST /v1/topics${target} HTTP/1.1`, ...fields);
const change = (target, body = '', method = 'POST') =>
  request(`${method} /v1/topics${target} HTTP/1.1`, `Content-Length: ${body.length}`) + body;
const nested = (depth, open, close) => `${open.repeat(depth)}1${close.repeat(depth)}`;
const postTo = (topic) => request(`POST /v1/topics/${topic}/events HTTP/1.1`, 'Content-Length: 5') + 'hello';

// The last event of the topic, as a reader gets it.
async function last(t) {
  const raw = await play(t, scene.bridge, get(`${TARGET}?last=1`));
  await raw.until('the last event', () => raw.text.endsWith('\n\n'));
  return decode(raw.text)[0];
}

const events = async () => (await scene.producer.getTopic('posted'))?.events ?? 0;

// One event, with that as its data, and the connection goes on.
function published(data, type = 'message') {
  const outcome = answered(200, ({ head, body }) => {
    assert.ok(head.includes('Content-Type: application/json; charset=utf-8'));
    assert.deepEqual(Object.keys(JSON.parse(body)), ['cursor', 'duplicate']);
  });
  return {
    says: 'published, and read as it was sent',
    async check(t, bridge, bytes) {
      const before = await events();
      await outcome.check(t, bridge, bytes);
      assert.equal(await events(), before + 1);
      const event = await last(t);
      assert.ok(event.data === data, JSON.stringify(event.data.slice(0, 200)));
      assert.equal(event.type, type);
    },
  };
}

// An error, and the topic is as it was.
function unpublished(outcome) {
  return {
    says: outcome.says,
    async check(t, bridge, bytes) {
      const before = await events();
      await outcome.check(t, bridge, bytes);
      assert.equal(await events(), before);
    },
  };
}

// An error that says what is wrong, and the topic is as it was.
const unchanged = (says) => unpublished(answered(400, ({ body }) => assert.ok(JSON.parse(body).error.message.startsWith(says), body)));

const created = answered(201, ({ body }) => {
  const { topic, events_url } = JSON.parse(body);
  assert.equal(events_url, `/v1/topics/${topic}/events`);
});

const cut = (status) => unpublished(refused(status));  // the body was not read to its end
const declined = (status) => unpublished(answered(status));

test('before: a topic has ended', () => scene.producer.batch({ topic: 'over', events: [{ text: 'x' }], end: {} }));

scene.rows({
  '2 lengths of a body': [
    ['a body of nothing', post(''), published('')],
    ['a POST without a length', head(), published('')],
    ['a length with zeros in front', `${head('Content-Length: 0005')}hello`, published('hello')],
    ['a body of one byte less than the limit', post('a'.repeat(MOST - 1)), published('a'.repeat(MOST - 1))],
    ['a body of exactly the limit', post('a'.repeat(MOST)), published('a'.repeat(MOST))],
    ['a body of one byte more', post('a'.repeat(MOST + 1)), cut(413)],
    ['a body that is above the limit with its type', post('a'.repeat(MOST), 'Sluice-Event-Type: b'), declined(413)],
    ['a body of 12 MiB', post('a'.repeat(12 << 20)), cut(413)],
    ['a body of 12 MiB that is not sent', head(`Content-Length: ${12 << 20}`), cut(413)],
    ['a body of 9 EB', head('Content-Length: 9999999999999999999'), cut(413)],
    ['a body of 2^64 - 1 bytes', head('Content-Length: 18446744073709551615'), cut(413)],
    ['a body of 2^64 + 5 bytes', `${head('Content-Length: 18446744073709551621')}hello`, cut(400)],
    ['a body of HTTP/1.0', `POST ${TARGET} HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello`, {
      says: 'published, and the connection closes',
      async check(t, bridge, bytes) {
        const raw = await play(t, bridge, bytes + NOWHERE);
        await checkClosed(raw);
        assert.deepEqual(answers(raw).map(({ status }) => status), [200]);
        assert.equal((await last(t)).data, 'hello');
      },
    }],
    ['a body whose sender waits for no 100', post('hello', 'Expect: 100-continue'), published('hello')],
  ],

  '7 chunks': [
    ['one chunk', chunked(chunk('hello'), '0\r\n\r\n'), published('hello')],
    ['chunks of one byte', chunked(...Array.from('hello there', chunk), '0\r\n\r\n'), published('hello there')],
    ['no chunk but the last', chunked('0\r\n\r\n'), published('')],
    ['a last chunk of many zeros', chunked(chunk('hello'), '00000000\r\n\r\n'), published('hello')],
    ['a size in capitals with zeros in front', chunked(`00A\r\n${'a'.repeat(10)}\r\n`, '0\r\n\r\n'), published('a'.repeat(10))],
    ['the encoding in capitals', `${head('Transfer-Encoding: CHUNKED')}${chunk('hello')}0\r\n\r\n`, published('hello')],
    ['an extension', chunked(`5;a=b;c="d"\r\nhello\r\n`, '0;last\r\n\r\n'), published('hello')],
    ['trailers', chunked(chunk('hello'), `0\r\nX-${MARK}: 1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n\r\n`),
     published('hello')],
    ['a body of exactly the limit, in chunks', chunked(...Array(1024).fill(chunk('a'.repeat(1024))), '0\r\n\r\n'), published('a'.repeat(MOST))],
    ['a body of one byte more, in chunks', chunked(...Array(1024).fill(chunk('a'.repeat(1024))), chunk('b'), '0\r\n\r\n'), cut(413)],
    ...['-5', '+5', '0x5', '5x', '5 5', 'g', '', ' ', ' 5', '\t5', '"5"', '5,5', '5\xa0', '\xb2', '5\0', '5;a\x01', '5;a\0', '5;\n5', '5\r',
        '5:'].map((size) => [
      `the size ${JSON.stringify(size)}`, chunked(`${size}\r\nhello\r\n0\r\n\r\n`), cut(400),
    ]),
    ...['ffffffffffffffff', '10000000000000005', '7fffffffffffffff', '8000000000000000', `${'0'.repeat(40)}5`, 'f'.repeat(300)].map((size) => [
      `the size ${size.slice(0, 40)}`, chunked(`${size}\r\nhello\r\n0\r\n\r\n`), cut(400),
    ]),
    ['a size above the limit', chunked('fffffff\r\n'), cut(413)],
    ['a size near 2^60', chunked('fffffffffffffff\r\n'), cut(413)],
    ['a first chunk and a size that would wrap around', chunked(chunk('hello'), 'ffffffffffffffffb\r\n'), cut(400)],
    ['a size that ends with LF alone', chunked('5\nhello\r\n0\r\n\r\n'), cut(400)],
    ['a chunk that is longer than its size', chunked('5\r\nhello there\r\n0\r\n\r\n'), cut(400)],
    ['a chunk that is shorter than its size', chunked('9\r\nhello\r\n0\r\n\r\n0\r\n\r\n'), cut(400)],
    ['a chunk that ends with LF alone', chunked('5\r\nhello\n0\r\n\r\n'), cut(400)],
    ['a chunk that ends with CR alone', chunked('5\r\nhello\r0\r\n\r\n'), cut(400)],
    ['an extension of 300 bytes', chunked(`5;${'a'.repeat(300)}\r\nhello\r\n0\r\n\r\n`), cut(400)],
    ['an extension of 1 MiB', chunked(`5;${'a'.repeat(1 << 20)}`), cut(400)],
    ['trailers of 9 KiB', chunked(chunk('hello'), '0\r\n', `X: ${'a'.repeat(1000)}\r\n`.repeat(9), '\r\n'), cut(400)],
    ['a trailer of 9 KiB', chunked(chunk('hello'), `0\r\nX: ${'a'.repeat(9000)}\r\n\r\n`), cut(400)],
    ['10,000 trailers', chunked(chunk('hello'), '0\r\n', 'X: 1\r\n'.repeat(10000), '\r\n'), cut(400)],
    ['a trailer that ends with LF alone', chunked(chunk('hello'), '0\r\nX: 1\n\r\n'), cut(400)],
    ['a trailer with NUL', chunked(chunk('hello'), '0\r\nX: \0\r\n\r\n'), cut(400)],
    ['Content-Length and chunks', `${head('Content-Length: 6', 'Transfer-Encoding: chunked')}0\r\n\r\nG`, cut(400)],
    ['chunks and Content-Length', `${head('Transfer-Encoding: chunked', 'Content-Length: 4')}${chunk(NOWHERE)}0\r\n\r\n`, cut(400)],
    ['chunks that are hidden', `${head('Content-Length: 5', 'Transfer-Encoding: xchunked')}0\r\n\r\n`, cut(400)],
    ['two lengths', `${head('Content-Length: 5', 'Content-Length: 0')}hello`, cut(400)],
  ],

  '8 requests in bodies': [
    ['a request as the body', post(NOWHERE), published(NOWHERE.replaceAll('\r\n', '\n'))],
    ['a request as a chunk', chunked(chunk(NOWHERE), '0\r\n\r\n'), published(NOWHERE.replaceAll('\r\n', '\n'))],
    ['a body to a path that is not there', request('POST /nowhere HTTP/1.1', `Content-Length: ${NOWHERE.length}`) + NOWHERE, cut(404)],
    ['chunks to a path that is not there', request('POST /nowhere HTTP/1.1', 'Transfer-Encoding: chunked') + chunk(NOWHERE), cut(404)],
    ['a PUT with a body', request(`PUT ${TARGET} HTTP/1.1`, `Content-Length: ${NOWHERE.length}`) + NOWHERE, cut(405)],
    ['a DELETE with a body', request(`DELETE ${TARGET} HTTP/1.1`, 'Content-Length: 5') + 'hello', cut(405)],
  ],

  '14-16 where to publish': [
    ...['a*', '%3E', 'a..b', 'sluice', 'sluice.x', 'a%20b', 'a'.repeat(256), 'a%0d%0aX:1'].map((topic) => [
      `the topic "${topic.slice(0, 20)}"`, postTo(topic), cut(400),
    ]),
    ['a topic with an escaped slash', postTo('a%2fb'), cut(400)],
    ...['null', 'https://evil.example', 'http://app.example', 'http://sluice.test.evil.example', 'sluice.test', '', 'http://sluice.test:81',
        'http://sluice.test, http://evil'].map((origin) => [
      `a POST of the origin "${origin}"`, post('hello', `Origin: ${origin}`), cut(403),
    ]),
    ['a POST of a listed origin', post('hello', 'Origin: https://app.example'), published('hello')],
    ["a POST of the server's own origin", post('hello', 'Origin: https://sluice.test'), published('hello')],
    ['an ended topic', postTo('over'), declined(409)],
  ],

  '45 and 50 ids and types': [
    ...['a b', 'a"b', '<a>', '\xc3\xa9', '\xe9', 'i'.repeat(129), 'abcdefghij234-17', 'a,b', 'a\tb'].map((id) => [
      `the id ${JSON.stringify(id.slice(0, 20))}`, post('hello', `Sluice-Event-Id: ${id}`), declined(400),
    ]),
    ...['open', 'sluice.gap', 'sluice.', 't'.repeat(129), 'a\tb', '\xe9', '\xff', latin1('a\u0085b')].map((type) => [
      `the type ${JSON.stringify(type.slice(0, 20))}`, post('hello', `Sluice-Event-Type: ${type}`), declined(400),
    ]),
    ...['Sluice-Event-Id', 'Sluice-Event-Type'].flatMap((name) => ['a\x01', 'a\x7f', 'a\0b', 'a\rb', 'a\nb'].map((value) => [
      `${name}: ${JSON.stringify(value)}`, post('hello', `${name}: ${value}`), cut(400),
    ])),
    ...['error', 'message', '__proto__', 'constructor', 'é', 'a b', 'data: x', 't'.repeat(128)].map((type) => [
      `the type ${JSON.stringify(type.slice(0, 20))}`, post('hello', `Sluice-Event-Type: ${latin1(type)}`), published('hello', type),
    ]),
    ['an empty id and an empty type', post('hello', 'Sluice-Event-Id:', 'Sluice-Event-Type: '), published('hello')],
    ['an id of 128 bytes', post('hello', `Sluice-Event-Id: ${'i'.repeat(128)}`), published('hello')],
  ],

  '46 and 47 texts': [
    ...['x\n\ndata: fake\n\n', '\nid: 0\n', '\nretry: 0\n', 'x\rid: 666\rdata: fake', ': comment', '[DONE] ', '\u2028\u0085', '\ufeffx',
        '\u001b[31m', '0\r\n\r\n'].map((text) => [
      `the text ${JSON.stringify(text)}`, post(latin1(text)), published(text.replaceAll(/\r\n|\r/g, '\n')),
    ]),
    ...['[DONE]', 'a\0b', '\xff', 'a\xe9', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', 'a\xc3'].map((text) => [
      `the body ${JSON.stringify(text)}`, post(text), declined(400),
    ]),
    ['a gzipped body', post('\x1f\x8b\x08\x00', 'Content-Encoding: gzip'), declined(400)],
  ],

  '46 JSON events': [
    ...[
      ['{ "a" : [ 1.0 , 2e3, -0 ] }', '{"a":[1.0,2e3,-0]}'], ['"a\\u000a\\ud800 b"', '"a\\u000a\\ud800 b"'], [' 1e999 ', '1e999'],
      ['{"a":1,"a":2}', '{"a":1,"a":2}'], ['[\r\n]', '[]'], ['"[DONE]"', '"[DONE]"'], [latin1('"\u2028é"'), '"\u2028é"'],
      [nested(100, '[', ']'), nested(100, '[', ']')],
    ].map(([json, data]) => [`the JSON ${JSON.stringify(json.slice(0, 30))}`, postJson(json), published(data)]),
    ['JSON of a type with parameters', postJson('[ ]', 'Application/Vnd.x+JSON ; charset="x"'), published('[]')],
    ['JSON of no type that has it', postJson('[ ]', 'text/json'), published('[ ]')],
    ...[
      '', ' ', '{', '[1,]', "{'a':1}", '{"a":1}}', 'NaN', '01', '"\t"', '"a', '\xef\xbb\xbf{}', '"\xff"', '"\xed\xa0\x80"', '1\0', '"\0"', '1 2',
      '[DONE]', '/**/1', nested(101, '[', ']'), nested(101, '{"a":', '}'), '['.repeat(1 << 20), '{"a":'.repeat(200000), '"'.repeat(1 << 20),
    ].map((json) => [`the JSON ${JSON.stringify(json.slice(0, 30))} of ${json.length} bytes`, postJson(json), declined(400)]),
    ['JSON of more than the limit', postJson(' '.repeat(MOST + 1)), cut(413)],
    ['gzipped JSON', post('{}', 'Content-Type: application/json', 'Content-Encoding: gzip'), declined(400)],
  ],

  '2 bodies that make, end and stop': [
    ...[
      '', '{}', '{"topic":null,"settings":null,"replaceEnded":false}',
      '{"settings":{"retentionEvents":"5","retention_bytes":1e6,"defaultStart":2}}',
    ].map((json) => [`a topic of ${JSON.stringify(json)}`, change('', json), created]),
    ['a body of exactly 64 KiB', change('', `{}${' '.repeat((64 << 10) - 2)}`), created],
    ...['', '/posted/end', '/posted/stop'].flatMap((target) => [
      [`64 KiB and a byte to "${target}"`, change(target, `{}${' '.repeat((64 << 10) - 1)}`), cut(413)],
      [`12 MiB that do not come to "${target}"`, changeHead(target, `Content-Length: ${12 << 20}`), cut(413)],
      [`chunks without end to "${target}"`, changeHead(target, 'Transfer-Encoding: chunked') + chunk(' '.repeat(70000)), cut(413)],
      [`gzip to "${target}"`, `${changeHead(target, 'Content-Length: 2', 'Content-Encoding: gzip')}{}`, unchanged('Content-Encoding')],
      ...[
        '{', '[]', 'null', '"x"', '1', ' ', 'a=b', '{"a":1', '\xff', '{"\xff":1}', '\xef\xbb\xbf{}', '{}{}', '{"a":1e999}', '{"a":"\\ud800"}',
        '['.repeat(60000), '{"a":'.repeat(10000), nested(101, '[', ']'),
      ].map((json) => [`the body ${JSON.stringify(json.slice(0, 20))} to "${target}"`, change(target, json), unchanged('the body')]),
      [`a field that nobody knows to "${target}"`, change(target, '{"tpoic":"x"}'), unchanged('tpoic: ')],
      [`the field __proto__ to "${target}"`, change(target, '{"__proto__":{}}'), unchanged('__proto__: ')],
      [`a name of nothing to "${target}"`, change(target, '{"":1}'), unchanged(': ')],
      [`a name twice to "${target}"`, change(target, '{"a":1,"\\u0061":1}'), unchanged('a: is there more than once')],
      [`6,000 names to "${target}"`, change(target, `{${Array.from({ length: 6000 }, (_, n) => `"${n}":1`).join()}}`), unchanged('0: ')],
    ]),
    ...[
      ['{"topic":5}', 'topic: '], ['{"topic":"a b"}', 'topic: '], ['{"topic":"sluice.x"}', 'topic: '], ['{"topic":"a\\u0000"}', 'topic: '],
      [`{"topic":"${'a'.repeat(256)}"}`, 'topic: '], ['{"topic":"a","topic":"b"}', 'topic: '], ['{"replaceEnded":1}', 'replaceEnded: '],
      ['{"replaceEnded":true,"replace_ended":true}', 'replaceEnded: '],
    ].map(([json, says]) => [`a topic of ${json.slice(0, 60)}`, change('', json), unchanged(says)]),
    ...[
      ['"a":1', 'a: '], ['"retentionEvents":-1', 'retentionEvents: '], ['"retentionEvents":1.5', 'retentionEvents: '],
      ['"retention_events":"18446744073709551616"', 'retention_events: '], ['"retentionAge":"1000ms"', 'retentionAge: '],
      ['"retentionAge":"999999999999999s"', 'retentionAge: '], ['"retentionAge":"0.999999999s"', 'retentionAge: '],
      ['"retentionAge":-1', 'retentionAge: '], ['"defaultStart":99', 'defaultStart: '], ['"slowReader":null,"coalesce":{}', 'coalesce: '],
    ].map(([json, says]) => [`the settings ${json}`, change('', `{"settings":{${json}}}`), unchanged(`settings.${says}`)]),
    ['settings that are a list', change('', '{"settings":[]}'), unchanged('settings: ')],
    ...[
      ['{}', 'error.code: '], ['"x"', 'error: '], ['{"code":0}', 'error.code: '], ['{"code":17}', 'error.code: '],
      ['{"code":4294967309}', 'error.code: '], ['{"code":"OK"}', 'error.code: '], ['{"code":13,"message":[]}', 'error.message: '],
      ['{"code":13,"details":[]}', 'error.details: '],
    ].map(([json, says]) => [`an end of the error ${json}`, change('/posted/end', `{"error":${json}}`), unchanged(says)]),
    ...['1', `"${'x'.repeat(1025)}"`, `"${latin1('é').repeat(513)}"`].map((json) => [
      `the reason ${json.slice(0, 30)}`, change('/posted/stop', `{"reason":${json}}`), unchanged('reason: '),
    ]),
    ['a reason of 1,024 bytes for nobody', change('/posted/stop', `{"reason":"${'x'.repeat(1024)}"}`), declined(409)],
    ['a stop for a topic that is not there', change('/nobody/stop'), declined(409)],
    ['an end for a topic that is not there', change('/nobody/end'), declined(404)],
    ['another end', change('/over/end', '{"error":{"code":13}}'), declined(409)],
    ['a DELETE of what is not there', change('/nobody', '', 'DELETE'), declined(404)],
    ...['a*', '%3E', 'a..b', 'sluice.x', 'a%20b', 'a'.repeat(256)].flatMap((topic) => [
      [`an end of "${topic.slice(0, 20)}"`, change(`/${topic}/end`), declined(400)],
      [`a DELETE of "${topic.slice(0, 20)}"`, change(`/${topic}`, '', 'DELETE'), declined(400)],
    ]),
  ],

  '49 sizes': [
    ['1 MiB of line feeds', post('\n'.repeat(MOST)), published('\n'.repeat(MOST))],
    ['4 MiB of line feeds', post('\n'.repeat(4 * MOST)), cut(413)],
    ['a body of a type without end', post('hello', `Sluice-Event-Type: ${'t'.repeat(17000)}`), cut(431)],
  ],
});

test('8: events and other requests follow each other on a connection, in whatever pieces they come', async (t) => {
  const before = await events();
  const bytes = [
    post('first'), chunked(chunk('sec'), chunk('ond'), '0\r\nX: 1\r\n\r\n'), NOWHERE, post(''), request('OPTIONS * HTTP/1.1'), post('\r\n\r\n'),
    request('OPTIONS * HTTP/1.1', 'Connection: close'),
  ].join('');
  for (const size of [bytes.length, 1, 2, 7, 64]) {
    const raw = new Raw(scene.bridge);
    t.after(() => raw.close());
    raw.socket.setNoDelay();
    for (let at = 0; at < bytes.length; at += size) {
      await new Promise((resolve) => { raw.socket.write(bytes.slice(at, at + size), 'latin1', resolve); });
    }
    await checkClosed(raw);
    assert.deepEqual(answers(raw).map(({ status }) => status), [200, 200, 404, 200, 204, 200, 204], `in pieces of ${size}`);
  }
  assert.equal(await events(), before + 5 * 4);
  await scene.unharmed();
});

test('2: a sender that closes its sending side behind a body gets the answer, one that does so before has sent nothing', async (t) => {
  const before = await events();
  const whole = new Raw(scene.bridge);
  t.after(() => whole.close());
  whole.socket.end(post('hello'), 'latin1');
  await checkClosed(whole);
  assert.deepEqual(answers(whole).map(({ status }) => status), [200]);
  for (const bytes of [post('hello').slice(0, -1), chunked(chunk('hello')), chunked('5\r\nhel'), chunked(chunk('hello'), '0\r\n')]) {
    const part = new Raw(scene.bridge);
    t.after(() => part.close());
    part.socket.end(bytes, 'latin1');
    await checkClosed(part);
    assert.ok(answers(part).every(({ status }) => status === 400));
  }
  assert.equal(await events(), before + 1);
  await scene.unharmed();
});

const told408 = async (raw) => {
  await checkClosed(raw);
  const [answer, ...others] = answers(raw);
  checkError(answer, 408);
  assert.ok(answer.head.includes('Connection: close'));
  assert.deepEqual(others, []);
};

test('2: bodies that do not come are told 408', async (t) => {
  const before = await events();
  const parts = [head('Content-Length: 10'), post('hello').slice(0, -1), chunked(), chunked('5'), chunked('5\r\nhel'), chunked(chunk('hello')),
                 chunked(chunk('hello'), '0\r\n'), chunked(chunk('hello'), '0\r\nX: 1\r\n'), head(`Content-Length: ${MOST}`)];
  const raws = await Promise.all(parts.map((bytes) => play(t, scene.bridge, bytes)));
  await scene.unharmed();
  for (const raw of raws) await told408(raw);
  assert.equal(await events(), before);
  await scene.unharmed();
});

test('2: 300 bodies that drip byte by byte are told 408, while others are served', async (t) => {
  const before = await events();
  const starts = [head(`Content-Length: ${MOST}`), chunked('fffff\r\n'), chunked('1;'), chunked(chunk('hello'), '0\r\nX: ')];
  const drips = Array.from({ length: 300 }, () => new Raw(scene.bridge));
  t.after(() => drips.forEach((raw) => raw.close()));
  drips.forEach((raw, index) => raw.socket.write(starts[index % starts.length], 'latin1'));
  await until('all of them to be answered', async () => {
    const open = drips.filter((raw) => raw.bytes.length === 0 && !raw.closed);
    for (const raw of open) raw.socket.write('a');
    await scene.unharmed();
    return open.length === 0;
  }, 60000);
  for (const raw of drips) await told408(raw);
  assert.equal(await events(), before);
});

test('request_memory: bodies beyond it are told 503 to come later, others are served, and what is given back is used again', async (t) => {
  const bridge = await startBridge(t, '--http_publish', '--request_memory=1MiB', '--body_timeout=60s');
  const producer = new Producer(bridge);
  t.after(() => producer.close());
  const body = 'x'.repeat(200000);
  const send = (count, bytes) => Array.from({ length: count }, () => {
    const raw = new Raw(bridge);
    t.after(() => raw.close());
    raw.socket.write(bytes, 'latin1');
    return raw;
  });

  for (const leave of ['finish', 'reset', 'close']) {
    const raws = send(20, post(body).slice(0, -1));
    const told = () => raws.filter((raw) => raw.head);
    // 1 MiB holds some of them, and not all.
    await until('most to be told', () => told().length >= 15);
    for (const raw of told()) {
      await checkClosed(raw);
      const [answer] = answers(raw);
      checkError(answer, 503);
      assert.match(answer.head.find((field) => field.startsWith('Retry-After: ')), /: [1-9]\d*$/);
    }
    const other = send(1, NOWHERE)[0];
    await other.until('the answer', () => other.head);
    assert.equal(other.head.status, 404);
    await producer.batch({ topic: 'meanwhile', events: [{ text: leave }] });

    const inside = raws.filter((raw) => !raw.head);
    assert.ok(inside.length > 0);
    for (const raw of inside) {
      if (leave === 'finish') raw.socket.write('x');
      else if (leave === 'reset') raw.socket.resetAndDestroy();
      else raw.socket.destroy();
    }
    if (leave === 'finish') {
      for (const raw of inside) await raw.until('the answer', () => raw.head);
      const statuses = inside.map((raw) => raw.head.status);
      assert.ok(statuses.includes(200) && statuses.every((status) => [200, 503].includes(status)), `${statuses}`);
    }
    // All that was taken is free again: the largest body that fits is published.
    await until('a large body to be taken', async () => {
      const [raw] = send(1, post('y'.repeat(500000), 'Connection: close'));
      await raw.untilClosed();
      return raw.head.status === 200;
    });
  }
});

scene.close();
