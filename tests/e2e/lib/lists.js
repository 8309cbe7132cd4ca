'use strict';

// What a reader of topics got, over gRPC or over SSE, as lists of one shape:
//   { topic, cursor, id, type, data, json, time, retry }   an event; `time` in RFC 3339, `retry` in milliseconds or undefined
//   { gap, requested, resumed, topics }                    `gap` is the reason
//   { ended, cursor, error }                               `ended` is the topic, `error` null or { code, message }
//   { position }
// and where such a list has to go on.

const net = require('node:net');
const { createParser } = require('eventsource-parser');
const { status } = require('./producer.js');
const { Raw } = require('./raw.js');
const { until } = require('./until.js');

const MS = 60000;
const OPENING = /^retry: \d+\n:.*\n/;

const nameOf = (code) => Object.keys(status).find((name) => status[name] === code);
function rfc3339({ seconds, nanos }) {
  const microseconds = String(Math.floor(nanos / 1000)).padStart(6, '0');
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, `.${microseconds}Z`);
}

// The place behind an item.
const cursorOf = ({ cursor, resumed, position }) => cursor ?? resumed ?? position;

function fromMessage(message) {
  switch (message.message) {
    case 'delivery': {
      const { topic, cursor, event, json, time } = message.delivery;
      const { id, type, retry, text } = event;
      return {
        topic, cursor, id: id || cursor, type, data: text.replaceAll(/\r\n?/g, '\n'), json, time: rfc3339(time),
        retry: retry ? retry.seconds * 1000 + retry.nanos / 1e6 : undefined,
      };
    }
    case 'gap': {
      const { requested, resumed, reason, topics } = message.gap;
      return { gap: reason.replace('GAP_REASON_', '').toLowerCase(), requested, resumed, topics };
    }
    case 'ended': {
      const { topic, cursor, error } = message.ended;
      return { ended: topic, cursor, error: error ? { code: nameOf(error.code), message: error.message } : null };
    }
    default:
      return { position: message.position.cursor };
  }
}

// Reads over gRPC. `list` is what came; `metadata` whether initial metadata has come, `status` the code once
// it is over. `count`, of either reader, is how many messages or chunks came; it costs less than `list`.
class GrpcReader {
  // `producer` has the channel.
  constructor(producer, topics, start = {}) {
    this.list = [];
    this.metadata = false;
    this.ended = false;
    this.call = producer.subscriber.subscribe({
      topics, cursor: start.cursor, last: start.last, start: start.from && `START_${start.from.toUpperCase()}`,
    });
    this.call.on('metadata', () => { this.metadata = true; });
    this.call.on('data', (message) => this.list.push(fromMessage(message)));
    this.call.on('error', (error) => { this.error = error; });
    this.call.on('status', ({ code }) => { this.status = code; });
    this.call.on('end', () => { this.ended = true; });
  }

  // A status may come before the last messages have been handed out.
  get over() { return this.status !== undefined && this.ended; }
  get standing() { return this.over || this.metadata; }
  get complete() { return this.status === status.OK; }
  get count() { return this.list.length; }
  close() { this.call.cancel(); }
}

const query = (topics, { last, from }) => new URLSearchParams([
  ...topics.map((topic) => ['topic', topic]), ['envelope', 'json'], ...(from ? [['from', from]] : []),
  ...(last ? [['last', last]] : []),
]);

// Reads over SSE, in the form that says all about events: of one name its own stream, of others `/v1/events`.
class SseReader {
  // `bridge` has a port.
  constructor(bridge, topics, start = {}) {
    this.several = topics.length > 1 || /[*>]/.test(topics[0]);
    this.topics = topics;
    const target = this.several ? `/v1/events?${query(topics, start)}` : `/v1/topics/${topics[0]}/events?${query([], start)}`;
    this.raw = new Raw(bridge);
    this.raw.send(`GET ${target} HTTP/1.1`, `Host: 127.0.0.1:${bridge.port}`, 'Accept: text/event-stream',
                  ...(start.cursor ? [`Last-Event-ID: ${start.cursor}`] : []));
  }

  get httpStatus() { return this.raw.head?.status; }
  get standing() { return this.over || (this.httpStatus === 200 && OPENING.test(this.raw.text)); }
  get over() { return this.raw.closed || (this.raw.head !== undefined && this.httpStatus !== 200); }
  get count() { return Math.max(0, this.raw.chunks.length - 1); }
  get complete() { return this.httpStatus === 204 || this.raw.chunked.last; }

  get list() {
    if (this.httpStatus !== 200) return [];
    const list = [];
    let retry, failure;
    const parser = createParser({
      onRetry: (ms) => { retry = ms; },
      onEvent: (event) => {
        const failed = event.event === 'error' && !event.data.startsWith('{"topic":') ? JSON.parse(event.data) : null;
        if (failed) failure = failed;
        else list.push(...this.item(event, retry, failure));
        retry = undefined;
      },
    });
    parser.feed(this.raw.text.replace(OPENING, ''));
    return list;
  }

  item({ id, event, data }, retry, failure) {
    if (data === '[DONE]') return this.several ? [] : [{ ended: this.topics[0], cursor: id, error: failure ?? null }];
    const json = JSON.parse(data);
    switch (event) {
      case 'sluice.position':
        return [{ position: id }];
      case 'sluice.gap':
        return [{ gap: json.reason, requested: json.requested, resumed: id, topics: json.topics }];
      case 'sluice.ended':
        return [{ ended: json.topic, cursor: id, error: json.error }];
      default:
        if (id !== (this.several ? json.cursor : json.id)) throw new Error(`${id} is not the id of ${data}`);
        return [{ ...json, retry }];
    }
  }

  close() { this.raw.close(); }
}

async function untilStanding(...readers) {
  await until(() => `${readers.filter(({ standing }) => !standing).length} readers to stand`,
              () => readers.every(({ standing }) => standing), MS);
}

// Waits until a reader has what `probe` looks for in its list, or is over.
async function untilRead(reader, probe) {
  await until(() => `a list to be whole: ${JSON.stringify(reader.list.slice(-3))}`, () => reader.over || probe(reader.list), MS);
  return reader.list;
}

// A way to a port that lets `budget(n)` bytes of answers through its n-th connection, and then resets it.
async function startDetour(t, port, budget) {
  const sockets = new Set();
  const detour = { connections: 0 };
  const server = net.createServer((client) => {
    const upstream = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let left = budget(detour.connections++);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => { client.destroy(); upstream.destroy(); });
    }
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (left <= 0) return;
      const part = bytes.subarray(0, left);
      left -= part.length;
      client.write(part, () => { if (left <= 0) client.resetAndDestroy(); });
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  detour.port = server.address().port;
  detour.grpc = `127.0.0.1:${detour.port}`;
  return detour;
}

module.exports = { GrpcReader, MS, SseReader, cursorOf, startDetour, untilRead, untilStanding };
