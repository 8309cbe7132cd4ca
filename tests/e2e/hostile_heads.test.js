'use strict';

// Request lines and fields as no client should write them: groups 4-6 and 9-18 of the table in tests/README.md.

const assert = require('node:assert/strict');
const {
  HOST, MARK, SERVED, answered, checkClosed, checkHead, closed, get, play, refused, request, served, useScene,
} = require('./lib/hostile.js');

const scene = useScene();

const fields = (count) => Array.from({ length: count }, (_, index) => `X-${index}: ${MARK}`);
const line = (text) => request(text);
const events = (topic) => get(`/v1/topics/${topic}/events`);

// Up to `bytes` of them, with what stands around it.
const headOf = (bytes) => get(SERVED, `X-Long: ${'a'.repeat(bytes - get(SERVED, 'X-Long: ').length)}`);
const lineOf = (bytes) => get(`${SERVED}?${'a'.repeat(bytes - `GET ${SERVED}? HTTP/1.1\r\n`.length)}`);
const pathOf = (bytes) => get(`/${'a'.repeat(bytes - 1)}`);

// A reader of HTTP/1.0 knows no chunks.
const servedRaw = {
  says: 'served without chunks, up to the close',
  async check(t, bridge, bytes) {
    const raw = await play(t, bridge, bytes);
    await checkClosed(raw);
    checkHead(raw.head.lines);
    assert.equal(raw.head.status, 200);
    assert.ok(raw.head.lines.includes('Connection: close'));
    assert.ok(!raw.head.lines.includes('Transfer-Encoding: chunked'));
    assert.match(raw.body.toString(), /^retry: 2000\n:.*\nid: \S+\ndata: always the same\n\nid: \S+\ndata: \[DONE\]\n\n$/);
  },
};

const withoutCors = (status) => ({
  says: `${status}, and CORS is not spoken of`,
  async check(t, bridge, bytes) {
    const raw = await play(t, bridge, bytes);
    await checkClosed(raw);
    checkHead(raw.head.lines);
    assert.equal(raw.head.status, status);
    assert.ok(!raw.head.lines.some((field) => field.startsWith('Access-Control-')), raw.head.lines.join('\n'));
  },
});

scene.rows({
  '4 large heads': [
    ['a head of exactly 16 KiB', headOf(16 << 10), served],
    ['a head of one byte more', headOf((16 << 10) + 1), refused(431)],
    ['a field of 1 MiB', get(SERVED, `X-Long: ${MARK.repeat(150000)}`), refused(431)],
    ['a field of 12 MiB without an end', `GET ${SERVED} HTTP/1.1\r\n${HOST}\r\nX-Long: ${'a'.repeat(12 << 20)}`, refused(431)],
    ['a head with 100 fields', get(SERVED, ...fields(99)), served],
    ['a head with 101 fields', get(SERVED, ...fields(100)), refused(431)],
    ['a head with 5,000 fields', get(SERVED, ...fields(5000)), refused(431)],
    ['a name of 20,000 bytes', get(SERVED, `${'X'.repeat(20000)}: 1`), refused(431)],
  ],

  '5 long request lines': [
    ['a line of exactly 8 KiB', lineOf(8 << 10), served],
    ['a line of one byte more', lineOf((8 << 10) + 1), refused(414)],
    ['a line of 1 MiB without an end', `GET /${'a'.repeat(1 << 20)}`, refused(414)],
    ['a method of 9,000 bytes', line(`${'A'.repeat(9000)} / HTTP/1.1`), refused(414)],
    ['a path of exactly 1 KiB', pathOf(1 << 10), answered(404)],
    ['a path of one byte more', pathOf((1 << 10) + 1), refused(414)],
    ['a path of 341 slashes', get('/'.repeat(341)), answered(404)],
    ['a path that is short only when decoded', get(`/${'%61'.repeat(1023)}`), answered(404)],
    ['a topic of 64 KiB', events('a'.repeat(64 << 10)), refused(414)],
  ],

  '6 lines and fields': [
    ['a bare LF everywhere', `GET ${SERVED} HTTP/1.1\n${HOST}\n\n`, refused(400)],
    ['a bare LF behind the request line', `GET ${SERVED} HTTP/1.1\n${HOST}\r\n\r\n`, refused(400)],
    ['a bare LF behind a field', `GET ${SERVED} HTTP/1.1\r\n${HOST}\nX: 1\r\n\r\n`, refused(400)],
    ['a bare LF as the last line', `GET ${SERVED} HTTP/1.1\r\n${HOST}\r\n\n`, refused(400)],
    ['a bare CR in the request line', line(`GET ${SERVED}\r HTTP/1.1`), refused(400)],
    ['a bare CR in a value', get(SERVED, `X: ${MARK}\rY: 1`), refused(400)],
    ['CR CR LF', get(SERVED, 'X: 1\r'), refused(400)],
    ['one empty line before the request', `\r\n${get(SERVED)}`, served],
    ['two empty lines before the request', `\r\n\r\n${get(SERVED)}`, refused(400)],
    ['a space before the request', ` ${get(SERVED)}`, refused(400)],
    ['a folded field', get(SERVED, 'X: 1', ' 2'), refused(400)],
    ['a field folded with a tab', get(SERVED, 'X: 1', '\t2'), refused(400)],
    ['a first field that is folded', `GET ${SERVED} HTTP/1.1\r\n X: 1\r\n${HOST}\r\n\r\n`, refused(400)],
    ['a space before the colon', get(SERVED, 'X : 1'), refused(400)],
    ['a tab before the colon', get(SERVED, 'X\t: 1'), refused(400)],
    ['a field without a colon', get(SERVED, MARK), refused(400)],
    ['a field without a name', get(SERVED, ': 1'), refused(400)],
    ['a name with a slash', get(SERVED, 'X/Y: 1'), refused(400)],
    ['a name with a control', get(SERVED, 'X\x01: 1'), refused(400)],
    ['a name that is not ASCII', get(SERVED, '\xc3\xa9: 1'), refused(400)],
    ['NUL in a name', get(SERVED, 'X\0: 1'), refused(400)],
    ['NUL in a value', get(SERVED, 'X: a\0b'), refused(400)],
    ['a control in a value', get(SERVED, `X: ${MARK}\x01`), refused(400)],
    ['DEL in a value', get(SERVED, 'X: a\x7fb'), refused(400)],
    ['a value that is not ASCII', get(SERVED, 'X: \xff\xfe\xc3'), served],
    ['a tab in a value', get(SERVED, 'X: a\tb'), served],
    ['an empty value', get(SERVED, 'X:'), served],
  ],

  '9 Host and versions': [
    ['a request without Host', `GET ${SERVED} HTTP/1.1\r\n\r\n`, refused(400)],
    ['a request with two Hosts', get(SERVED, HOST), refused(400)],
    ['a request with two Hosts that differ', get(SERVED, 'Host: other.test'), refused(400)],
    ...['', 'a b', 'a/b', 'user@h', '[::1', 'h:65536', 'h:+1', 'h:x', 'a,b c', 'h\\i', '<h>'].map((host) => [
      `the Host "${host}"`, `GET ${SERVED} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, refused(400),
    ]),
    ...['h', 'h:', 'h:80', '[::1]:80', '127.0.0.1:1', 'a.b-c_d.test'].map((host) => [
      `the Host "${host}"`, `GET ${SERVED} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, served,
    ]),
    ['HTTP/0.9', `GET ${SERVED}\r\n`, refused(400)],
    ...['HTTP/2.0', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/1.01', 'HTTP/1', 'HTTP/11', 'http/1.1', 'HTTPS/1.1', 'HTTP/1.1x', 'HTTP /1.1',
        ''].map((version) => [
      `the version "${version}"`, line(`GET ${SERVED} ${version}`), refused(400),
    ]),
    ["HTTP/2's preface", 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', refused(400)],
    ['two spaces in the request line', line(`GET  ${SERVED} HTTP/1.1`), refused(400)],
    ['a tab in the request line', line(`GET\t${SERVED} HTTP/1.1`), refused(400)],
    ['a space behind the version', line(`GET ${SERVED} HTTP/1.1 `), refused(400)],
    ["TLS's hello", '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', closed],
    ["SSH's banner", 'SSH-2.0-OpenSSH_9.2\r\n', closed],
    ["SMTP's greeting", 'EHLO h0st1le\r\n', closed],
    ["Redis's PING", '*1\r\n$4\r\nPING\r\n', closed],
    ['nothing but NUL', '\0'.repeat(64), closed],
    ['HTTP/1.0', `GET ${SERVED} HTTP/1.0\r\n\r\n`, servedRaw],
    ['HTTP/1.0 that would keep alive', `GET ${SERVED} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`, servedRaw],
  ],

  '10 Expect and Upgrade': [
    ['Expect: 100-continue on a GET', get(SERVED, 'Expect: 100-continue'), served],
    ['an Expect of anything', get(SERVED, `Expect: ${MARK}`), served],
    ['Upgrade: h2c', get(SERVED, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'), served],
    ['Upgrade: websocket', get(SERVED, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13',
                               'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='), served],
    ['a Connection that names Host', get(SERVED, 'Connection: host, last-event-id'), served],
  ],

  '11 methods': [
    ...['PUT', 'PATCH', 'DELETE', 'TRACE', 'BREW', 'M-SEARCH'].map((method) => [
      `${method} of events`, line(`${method} ${SERVED} HTTP/1.1`),
      answered(405, ({ head }) => assert.ok(head.some((field) => /^Allow: .*\bGET\b.*\bHEAD\b.*\bOPTIONS\b/.test(field)))),
    ]),
    ['POST of events, when publishing over HTTP is off', line(`POST ${SERVED} HTTP/1.1`), answered(403)],
    ['CONNECT', 'CONNECT sluice.test:1 HTTP/1.1\r\nHost: sluice.test:1\r\n\r\n', refused(400)],
    ['CONNECT of a path', line('CONNECT / HTTP/1.1'), answered(404)],
    ['get in small letters', line(`get ${SERVED} HTTP/1.1`), refused(501)],
    ['Get', line(`Get ${SERVED} HTTP/1.1`), refused(501)],
    ['a method that is no token', line(`G{T ${SERVED} HTTP/1.1`), refused(400)],
    ['no method', line(`${SERVED} HTTP/1.1`), refused(400)],
  ],

  '12 Accept': [
    ['Accept: application/json', get(SERVED, 'Accept: application/json'), answered(406)],
    ['an Accept that excludes the type', get(SERVED, 'Accept: text/event-stream;q=0, */*;q=0'), answered(406)],
    ['an Accept of rubbish', get(SERVED, `Accept: ;;,,=${MARK}/`), answered(406)],
    ['an Accept of 8 KiB', get(SERVED, `Accept: ${'a/b,'.repeat(2000)}*/*`), served],
    ['*/*', get(SERVED, 'Accept: */*'), served],
    ['no Accept', get(SERVED), served],
  ],

  '13 Range, conditions, codings': [
    ['Range: bytes=0-', get(SERVED, 'Range: bytes=0-'), served],
    ['a Range of rubbish', get(SERVED, 'Range: bytes=9-1,-,99999999999999999999-'), served],
    ['If-None-Match: *', get(SERVED, 'If-None-Match: *', 'If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT'), served],
    ['Accept-Encoding of a browser', get(SERVED, 'Accept-Encoding: gzip, deflate, br, zstd'), served],
    ['an Accept-Encoding that forbids identity', get(SERVED, 'Accept-Encoding: gzip, identity;q=0'), served],
    ['TE: trailers', get(SERVED, 'TE: trailers, deflate'), served],
  ],

  '14 targets': [
    ['the absolute form', line(`GET http://elsewhere.test${SERVED} HTTP/1.1`), served],
    ['the absolute form without a path', line('GET http://elsewhere.test HTTP/1.1'), answered(404)],
    ['the absolute form with a query alone', line('GET http://elsewhere.test?a HTTP/1.1'), refused(400)],
    ['a scheme that is not ours', line(`GET file://${SERVED} HTTP/1.1`), refused(400)],
    ['a target without a slash', get('v1'), refused(400)],
    ['the authority form', get('sluice.test:80'), refused(400)],
    ['an asterisk', get('*'), answered(404)],
    ['a fragment', get(`${SERVED}#x`), refused(400)],
    ['a target with bytes that are not ASCII', get(`${SERVED}?\xc3\xa9`), refused(400)],
    ['a target with quotes and brackets', get('/"<a>`{|}\\^'), answered(404)],
    ...['//evil.test', `//evil.test${SERVED}`, '/%2e%2e/etc/passwd', '/../etc/passwd', '/..;/', '/v1/../v1/topics/served/events',
        '/v1//topics/served/events', '/v1/topics/served/./events', `${SERVED}/`, `${SERVED};x`, '/v1/topics/served/events%20',
        '/V1/topics/served/events'].map((target) => [
      target, get(target), answered(404),
    ]),
    ...['%00', '%2f', '%2F', 'a%2fb', '%zz', '%', '%4', '%u0041', '%ff', '%c0%af', '%ed%a0%80', '%f5%80%80%80'].map((topic) => [
      `the topic ${topic}`, events(topic), refused(400),
    ]),
    ...['', '.', '..', '%2e%2e', 'a..b', '.a', 'a.', 'a%20b', 'a+b', 'a%2500', '%E2%84%AB', 'A%CC%8A', 'caf%C3%A9', 'a'.repeat(256), 'a%5Cb',
        'a%3Fb', 'a;b'].map((topic) => [
      `the topic "${topic.slice(0, 20)}" of ${topic.length} characters`, events(topic), answered(400),
    ]),
    ['a topic with each byte escaped', events('%73%65%72%76%65%64'), served],
    ['a query of 1,000 topics', get(`${SERVED}?${'topic=a&'.repeat(1000)}`), served],
    ['a query of ampersands', get(`${SERVED}?&&&=&=&&x&=`), served],
    ['a bad escape in the query', get(`${SERVED}?x=%zz`), refused(400)],
    ['a query that is not UTF-8', get(`${SERVED}?x=%ff`), refused(400)],
    ['an unknown from', get(`${SERVED}?from=yesterday`), answered(400)],
    ['an empty from', get(`${SERVED}?from=`), answered(400)],
    ['a from in capitals', get(`${SERVED}?from=EARLIEST`), answered(400)],
    ['an unknown envelope', get(`${SERVED}?envelope=xml`), answered(400)],
    ['from twice', get(`${SERVED}?from=earliest&from=earliest`), answered(400)],
    ['last twice, once escaped', get(`${SERVED}?last=1&%6Cast=1`), answered(400)],
    ['heartbeat twice', get(`${SERVED}?heartbeat=1&heartbeat=2`), answered(400)],
    ...['', '-1', '%2B1', '1.0', '1e3', '0x1', '+1', '1%00', '%D9%A1'].map((number) => [
      `last=${number}`, get(`${SERVED}?last=${number}`), answered(400),
    ]),
    ['a last beyond 64 bits', get(`${SERVED}?last=18446744073709551617`), served],
    ['a heartbeat beyond 64 bits', get(`${SERVED}?heartbeat=99999999999999999999`), served],
    ['a heartbeat that is no number', get(`${SERVED}?heartbeat=often`), answered(400)],
  ],

  '15 topics that would break out': [
    ...['%0d%0aX-Injected:%201', '%0a', '%0d', '%E2%80%A8', '%C2%85', '%1b%5B31m', 'a*', '*', '%3E', 'a.%3E', '%23', '%22', '%3Cb%3E',
        '%7F'].map((topic) => [
      `the topic ${topic}`, events(topic), answered(400),
    ]),
    ['a topic with a colon that has no events', events('a:b'), {
      says: 'a stream that waits',
      async check(t, bridge, bytes) {
        const raw = await play(t, bridge, bytes);
        await raw.until('the opening', () => raw.text.length > 0);
        checkHead(raw.head.lines);
        assert.match(raw.text, /^retry: 2000\n:[^\n]*\n$/);
        assert.ok(!raw.text.includes('a:b'));
      },
    }],
  ],

  '16 origins': [
    ...['null', 'https://evil.example', 'http://app.example', 'HTTPS://APP.EXAMPLE', 'https://app.example:8443', 'https://app.example:443',
        'https://app.example/', 'https://app.example/path', 'https://app.example.evil.example', 'https://evil-app.example', 'https://app.exampl',
        'https://app.example, https://app.example', '*', '', `https://${'a'.repeat(8000)}.example`].flatMap((origin) => [
      [`the origin "${origin.slice(0, 50)}"`, get(SERVED, `Origin: ${origin}`), withoutCors(200)],
      [`a preflight of the origin "${origin.slice(0, 50)}"`,
       request(`OPTIONS ${SERVED} HTTP/1.1`, `Origin: ${origin}`, 'Access-Control-Request-Method: GET', 'Connection: close'), withoutCors(204)],
    ]),
    ['a POST of another origin', request(`POST ${SERVED} HTTP/1.1`, 'Origin: https://evil.example'), answered(403)],
    ['a DELETE of the origin null', request(`DELETE ${SERVED} HTTP/1.1`, 'Origin: null'), answered(403)],
  ],

  '17 preflights': [
    ...[`x-${MARK}, `.repeat(600), 'last-event-id\x01', '*', ',,,;;='].map((names) => [
      `a preflight for ${JSON.stringify(names.slice(0, 20))}`,
      request(`OPTIONS ${SERVED} HTTP/1.1`, 'Origin: https://app.example', 'Access-Control-Request-Method: EVIL',
              `Access-Control-Request-Headers: ${names}`),
      names.includes('\x01') ? refused(400) : answered(204, ({ head, body }) => {
        assert.equal(body, '');
        assert.ok(head.includes('Access-Control-Allow-Origin: https://app.example'));
        assert.ok(head.some((field) => field.startsWith('Access-Control-Allow-Headers: ')));
      }),
    ]),
  ],

  '18 a Host that was rebound': [
    ['a page whose name leads here', `GET ${SERVED} HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n`, withoutCors(200)],
    ['a POST of such a page', 'POST /v1/topics/t/events HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n\r\n', answered(403)],
  ],

  '70 what would spoil a log': [
    ['a User-Agent that a terminal obeys', get(SERVED, `User-Agent: \x1b[31m${MARK}\x1b]0;x\x07`), refused(400)],
    ['a User-Agent of formats', get(SERVED, `User-Agent: %n%s%x{}\${${MARK}}`), served],
    ['a User-Agent of 12 KiB', get(SERVED, `User-Agent: ${'\xc2\x9b'.repeat(6000)}`), served],
    ['a Referer that looks like a record', get(SERVED, `Referer: 2026-01-01T00:00:00Z ERROR ${MARK} "key"=1`), served],
    ['a query that looks like one', get(`${SERVED}?x=%0a2026-01-01T00:00:00Z%20ERROR%20${MARK}`), served],
    ['a path that looks like one', get(`/%0a2026-01-01T00:00:00Z%20ERROR%20${MARK}`), answered(404)],
  ],
});

scene.close();
