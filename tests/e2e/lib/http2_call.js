'use strict';

// gRPC over Node's HTTP/2: calls of which every byte and every field is the test's own.

const http2 = require('node:http2');
const { message } = require('./http2.js');
const { PUBLISH, encodeRequest } = require('./producer.js');

// The bytes of one message: a PublishRequest.
const requestOf = (request) => message(Buffer.from(encodeRequest(request)));
const textsOf = (topic, ...texts) => requestOf({ topic, events: texts.map((text) => ({ text })) });

// A connection of its own that has taken the server's settings in, as clients have after their first call.
function connect(t, bridge) {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`http://${bridge.grpc}`, { maxSendHeaderBlockLength: 1 << 20 });
    t.after(() => session.destroy());
    session.once('error', reject);
    session.once('remoteSettings', () => {
      session.on('error', () => {});  // it may well be refused
      resolve(session);
    });
  });
}

// A call on a session: `result` is what becomes of it, once it is over:
// { http, status, message, accepted, bytes: of the answer, reset: the code of RST_STREAM }.
// Fields win over the usual ones; undefined leaves one out.
function open(session, { path = PUBLISH, fields = {} } = {}) {
  const head = {
    ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...fields,
  };
  const stream = session.request(Object.fromEntries(Object.entries(head).filter(([, value]) => value !== undefined)), { endStream: false });
  const result = { bytes: 0 };
  const take = (answer) => {
    if (answer['grpc-status'] === undefined) return;
    result.status = Number(answer['grpc-status']);
    result.message = answer['grpc-message'];
    result.accepted = answer['sluice-accepted'];
  };
  stream.on('response', (answer) => { result.http = answer[':status']; take(answer); });
  stream.on('trailers', take);
  stream.on('data', (bytes) => { result.bytes += bytes.length; });
  stream.on('error', () => {});  // it is followed by 'close'
  stream.result = new Promise((resolve) => {
    stream.on('close', () => resolve({ ...result, reset: stream.rstCode }));
  });
  return stream;
}

// A whole call on a connection of its own.
async function call(t, bridge, body, options = {}) {
  const session = await connect(t, bridge);
  const stream = open(session, options);
  if (options.halfClose === false) stream.write(body);
  else stream.end(body);
  return stream.result;
}

module.exports = { call, connect, open, requestOf, textsOf };
