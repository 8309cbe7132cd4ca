'use strict';

const net = require('node:net');
const { until } = require('./until.js');

// What Chromium sends for a page's EventSource, Host apart.
const BROWSER_FIELDS = [
  'Connection: keep-alive',
  'sec-ch-ua-platform: "Linux"',
  'Cache-Control: no-cache',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'Accept: text/event-stream',
  'sec-ch-ua: "Chromium";v="156", "Not?A_Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Dest: empty',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-US,en;q=0.9',
];

// Splits a chunked body into its chunks; `last` says whether the last chunk came, `rest` is what follows or is not whole.
function dechunk(body) {
  const chunks = [];
  let at = 0;
  for (;;) {
    const eol = body.indexOf('\r\n', at);
    if (eol < 0) return { chunks, last: false, rest: body.subarray(at) };
    const size = Number.parseInt(body.toString('latin1', at, eol), 16);
    const end = eol + 2 + size;
    if (body.length < end + 2) return { chunks, last: false, rest: body.subarray(at) };
    if (body.toString('latin1', end, end + 2) !== '\r\n') throw new Error(`chunk ${chunks.length} does not end where it should`);
    at = end + 2;
    if (size === 0) return { chunks, last: true, rest: body.subarray(at) };
    chunks.push(body.toString('utf8', eol + 2, end));
  }
}

// A connection of its own, with every byte that came over it.
class Raw {
  constructor(bridge) {
    this.received = [];
    this.ended = false;  // the other side closed it in an orderly way
    this.closed = false;
    this.socket = net.connect({ port: bridge.port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (bytes) => this.received.push(bytes));
    this.socket.on('end', () => { this.ended = true; this.socket.end(); });
    this.socket.on('error', () => {});  // a reset is followed by 'close'
    this.socket.on('close', () => { this.closed = true; });
  }

  send(...lines) {
    this.socket.write(lines.map((line) => `${line}\r\n`).join('') + '\r\n');
    return this;
  }

  get bytes() {
    if (this.received.length > 1) this.received = [Buffer.concat(this.received)];
    return this.received[0] ?? Buffer.alloc(0);
  }

  // { status, line, fields }, the names of the fields in lower case; undefined until the head is whole.
  get head() {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [line, ...fields] = this.bytes.toString('latin1', 0, end).split('\r\n');
    return {
      line,
      status: Number(line.split(' ')[1]),
      fields: Object.fromEntries(fields.map((field) => {
        const colon = field.indexOf(': ');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
      })),
      lines: fields,
    };
  }

  get body() {
    const end = this.bytes.indexOf('\r\n\r\n');
    return end < 0 ? Buffer.alloc(0) : this.bytes.subarray(end + 4);
  }

  get chunked() { return dechunk(this.body); }
  get chunks() { return this.chunked.chunks; }
  get text() { return this.chunks.join(''); }

  async until(what, probe, ms) {
    return until(() => `${what}; so far: ${JSON.stringify(this.bytes.toString('utf8').slice(-2000))}`, () => {
      const found = probe();
      if (!found && this.closed) {
        throw new Error(`closed before ${what}; it got ${JSON.stringify(this.bytes.toString('utf8').slice(-2000))}`);
      }
      return found;
    }, ms);
  }

  async untilClosed(ms) { return this.until('the connection closes', () => this.closed, ms); }
  close() { this.socket.destroy(); }
}

// Sends a request's lines and a Host, and waits for the whole answer.
async function exchange(t, bridge, line, ...fields) {
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.send(line, `Host: 127.0.0.1:${bridge.port}`, 'Connection: close', ...fields);
  await raw.untilClosed();
  return raw;
}

// Opens a stream and waits for its opening.
async function openStream(t, bridge, target, ...fields) {
  const raw = new Raw(bridge);
  t.after(() => raw.close());
  raw.send(`GET ${target} HTTP/1.1`, `Host: 127.0.0.1:${bridge.port}`, ...(fields.length ? fields : BROWSER_FIELDS));
  await raw.until('the opening of the stream', () => raw.head && (raw.head.status !== 200 || /^retry: \d+\n:.*\n/.test(raw.text)));
  return raw;
}

module.exports = { BROWSER_FIELDS, Raw, dechunk, exchange, openStream };
