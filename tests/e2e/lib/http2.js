'use strict';

// HTTP/2 by hand, frame by frame: what no client library would send.

const net = require('node:net');
const { until } = require('./until.js');

const TYPE = {
  DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PUSH_PROMISE: 5, PING: 6, GOAWAY: 7, WINDOW_UPDATE: 8,
  CONTINUATION: 9,
};
const FLAG = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 };
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function frame(type, flags, stream, payload = Buffer.alloc(0), size = payload.length) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(size, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const uint32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes; };

const ping = (flags = 0) => frame(TYPE.PING, flags, 0, Buffer.alloc(8));
const settings = (...pairs) => frame(TYPE.SETTINGS, 0, 0, Buffer.concat(pairs.map(([id, value]) => {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
})));
const settingsAck = () => frame(TYPE.SETTINGS, FLAG.ACK, 0);
const windowUpdate = (stream, by) => frame(TYPE.WINDOW_UPDATE, 0, stream, uint32(by));
const reset = (stream, code = 8) => frame(TYPE.RST_STREAM, 0, stream, uint32(code));
const priority = (stream, on) => frame(TYPE.PRIORITY, 0, stream, Buffer.concat([uint32(on), Buffer.from([15])]));
const headers = (stream, block, flags = FLAG.END_HEADERS) => frame(TYPE.HEADERS, flags, stream, block);
const continuation = (stream, block, flags = 0) => frame(TYPE.CONTINUATION, flags, stream, block);
const data = (stream, payload, flags = 0) => frame(TYPE.DATA, flags, stream, payload);

// HPACK (RFC 7541): an integer behind a prefix of `bits`, whose other bits are those of `first`.
function integer(value, bits, first = 0) {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  for (value -= most; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  bytes.push(value);
  return Buffer.from(bytes);
}

const string = (text) => { const bytes = Buffer.from(text); return Buffer.concat([integer(bytes.length, 7), bytes]); };

// A field that the other side does not remember, or, if `index`, does.
const field = (name, value, index = false) => Buffer.concat([Buffer.from([index ? 0x40 : 0]), string(name), string(value)]);

// The block of a request's fields.
function request(path, more = {}) {
  const fields = {
    ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'localhost', te: 'trailers',
    'content-type': 'application/grpc', ...more,
  };
  return Buffer.concat(Object.entries(fields).map(([name, value]) => field(name, value)));
}

// gRPC's frame around a message.
const message = (bytes, compressed = 0, length = bytes.length) =>
  Buffer.concat([Buffer.from([compressed]), uint32(length), bytes]);

// A connection of its own. What the server says is counted, not kept.
class Http2 {
  // With `ack` false the server's settings are never acknowledged.
  constructor(bridge, { ack = true, preface = true, first = settings() } = {}) {
    this.ack = ack;
    this.count = {};        // frames received, by type
    this.resets = new Map();  // stream -> error code
    this.done = new Set();  // streams that the server has ended
    this.goaway = undefined;  // { code, text }
    this.closed = false;
    this.rest = Buffer.alloc(0);
    this.socket = net.connect({ port: bridge.grpcPort, host: '127.0.0.1' });
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes) => this.take(bytes));
    this.socket.on('error', () => {});  // a reset is followed by 'close'
    this.socket.on('close', () => { this.closed = true; });
    if (preface) this.send(PREFACE, first);
  }

  // Says whether the kernel took it all.
  send(...frames) { return this.socket.writable && this.socket.write(frames.length === 1 ? frames[0] : Buffer.concat(frames)); }

  // Waits until what was sent has left, or the connection is closed.
  async flushed(ms = 30000) {
    await until('the socket to take everything', () => this.closed || this.socket.writableLength === 0, ms);
  }

  take(bytes) {
    this.rest = this.rest.length ? Buffer.concat([this.rest, bytes]) : bytes;
    let at = 0;
    while (this.rest.length - at >= 9) {
      const size = this.rest.readUIntBE(at, 3);
      if (this.rest.length - at < 9 + size) break;
      this.on(this.rest[at + 3], this.rest[at + 4], this.rest.readUInt32BE(at + 5), this.rest.subarray(at + 9, at + 9 + size));
      at += 9 + size;
    }
    this.rest = this.rest.subarray(at);
  }

  on(type, flags, stream, payload) {
    this.count[type] = (this.count[type] ?? 0) + 1;
    if (type === TYPE.SETTINGS && !(flags & FLAG.ACK) && this.ack) this.send(settingsAck());
    if (type === TYPE.PING && !(flags & FLAG.ACK) && this.ack) this.send(frame(TYPE.PING, FLAG.ACK, 0, payload));
    if (type === TYPE.RST_STREAM) this.resets.set(stream, payload.readUInt32BE());
    if (type === TYPE.GOAWAY) this.goaway = { code: payload.readUInt32BE(4), text: payload.toString('latin1', 8) };
    if ((type === TYPE.DATA || type === TYPE.HEADERS) && flags & FLAG.END_STREAM) this.done.add(stream);
  }

  frames(type) { return this.count[type] ?? 0; }
  async until(what, probe, ms) {
    return until(() => `${what}; so far: ${JSON.stringify({ closed: this.closed, goaway: this.goaway, count: this.count })}`, probe, ms);
  }
  close() { this.socket.destroy(); }
}

module.exports = {
  FLAG, Http2, PREFACE, TYPE, continuation, data, field, frame, headers, integer, message, ping, priority, request, reset,
  settings, string, uint32, windowUpdate,
};
