'use strict';

// Back ends that read over gRPC get what pages get over SSE, item by item, wherever either begins.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { GrpcReader, MS, SseReader, cursorOf, startDetour, untilRead, untilStanding } = require('./lib/lists.js');
const { Producer, useProducer, value } = require('./lib/producer.js');
const { until } = require('./lib/until.js');

const bridge = useBridge('--retry=100ms');
const producer = useProducer(bridge);

const FAILED = { code: 'RESOURCE_EXHAUSTED', message: 'disk "full" – 満杯' };

// Events of every kind: texts of lines, with ids and types, with JSON, with a retry.
const KINDS = [
  (n) => ({ text: `event ${n}` }),
  (n) => ({ id: `run/step=${n}`, type: 'tick', text: `two\nlines of ${n}` }),
  (n) => ({ json: value({ n }) }),
  () => ({ text: '' }),
  (n) => ({ type: 'größe', text: `CR\rCRLF\r\n: ${n}\nid: 1\ndata: 😀\n\n` }),
  (n) => ({ type: 'error', json: value([n, null, true, 'ü"\\']) }),
  (n) => ({ id: `run/step=${n}`, text: `later ${n}`, retry: { seconds: 1, nanos: 5e8 } }),
];
const JSON_TEXTS = { 2: (n) => `{"n":${n}}`, 5: (n) => `[${n},null,true,"ü\\"\\\\"]` };

// What a reader has to get of event `n`, but for its time.
function wanted(topic, n, cursor) {
  const { id, type = '', text, retry } = KINDS[n % KINDS.length](n);
  const json = JSON_TEXTS[n % KINDS.length]?.(n);
  return {
    topic, cursor, id: id ?? cursor, type, data: json ?? text.replaceAll(/\r\n?/g, '\n'), json: json !== undefined,
    retry: retry && 1500,
  };
}

const offsetOf = (item) => Number(/\d+$/.exec(cursorOf(item))[0]);
const timeless = (list) => list.map(({ time, ...item }) => item);
const inOrder = (items) => items.sort((a, b) => offsetOf(a) - offsetOf(b));

// Publishes events `from` to `to` and keeps in `log` what readers have to get of them.
async function publish(log, topic, from, to, by = producer) {
  for (let n = from; n < to; ++n) {
    const { lastCursor } = await by.batch({ topic, events: [KINDS[n % KINDS.length](n)] });
    log.push(wanted(topic, n, lastCursor));
  }
}

async function end(log, topic, error = null) {
  const code = error && { code: 8, message: error.message };
  const { lastCursor } = await producer.batch({ topic, end: error ? { error: code } : {} });
  log.push({ ended: topic, cursor: lastCursor, error });
}

const hasLast = (last) => (list) => list.length > 0 && cursorOf(list.at(-1)) === last.cursor;

// Both readers of a selector.
class Pair {
  constructor(t, topics, { cursor, ...start } = {}) {
    // A place that one side told is used on the other.
    this.grpc = new GrpcReader(producer, topics, { ...start, cursor: cursor?.fromSse ?? cursor });
    this.sse = new SseReader(bridge, topics, { ...start, cursor: cursor?.fromGrpc ?? cursor });
    this.name = `${topics} ${JSON.stringify({ cursor, ...start })}`;
    t.after(() => this.close());
  }

  get readers() { return [this.grpc, this.sse]; }
  close() { for (const reader of this.readers) reader.close(); }

  // The one list that both have, without times: when `probe` finds it whole, or else when it ends.
  async list(probe = () => false) {
    for (const reader of this.readers) await untilRead(reader, probe);
    assert.deepEqual(this.grpc.list, this.sse.list, `gRPC and SSE differ: ${this.name}`);
    assert.equal(this.grpc.over, this.sse.over, this.name);
    assert.equal(this.grpc.complete, this.sse.complete, this.name);
    return timeless(this.grpc.list);
  }
}

// Opens readers at each of `starts`, then publishes one more event to the topic `open`: readers that don't end before know by
// it that they have all there was. Gives [{ start, pair, list }]; the lists are without that event.
async function readAll(t, log, topics, open, starts) {
  const readers = starts.map((start) => ({ start, pair: new Pair(t, topics, start) }));
  await untilStanding(...readers.flatMap(({ pair }) => pair.readers));
  await publish(log, open, 7 * log.length, 7 * log.length + 1);
  const last = log.at(-1);
  const isWhole = hasLast(last);
  for (const reader of readers) {
    const list = await reader.pair.list(isWhole);
    if (reader.pair.grpc.over) {
      assert.ok(reader.pair.grpc.complete, reader.pair.name);
      assert.ok(!isWhole(list), reader.pair.name);
    } else {
      assert.deepEqual(list.pop(), last, reader.pair.name);
    }
    reader.list = list;
    reader.pair.close();
  }
  return readers;
}

const isName = (topics) => topics.length === 1 && !/[*>]/.test(topics[0]);
// Whether a topic is one of an entry of a selector.
const matches = (entry, topic) => {
  const [want, have] = [entry.split('.'), topic.split('.')];
  return want.every((token, index) => ('*>'.includes(token) ? have.length > index : token === have[index])) &&
      (want.at(-1) === '>' || want.length === have.length);
};
const of = (log, topics) => log.filter(({ topic, ended }) => topics.some((entry) => matches(entry, topic ?? ended)));

test('a log of completed, failed and open topics reads the same over gRPC and SSE, from everywhere', async (t) => {
  const log = [];
  const producers = [0, 1, 2].map(() => new Producer(bridge));
  t.after(() => { for (const one of producers) one.close(); });
  await Promise.all([['s.a.1', 0, 12], ['s.a.2', 20, 32], ['s.b', 40, 52], ['s.a.1', 60, 66]].map(
      ([topic, from, to], index) => publish(log, topic, from, to, producers[index % producers.length])));
  await end(log, 's.b');
  await publish(log, 's.a.1', 66, 70);
  await end(log, 's.a.2', FAILED);
  await publish(log, 's.a.1', 70, 73);
  inOrder(log);

  for (const selector of ['s.a.1', 's.a.2', 's.b', 's.a.1 s.b', 's.a.2 s.b', 's.a.*', 's.>', 's.a.* s.b', 's.*.1 s.a.2']) {
    const topics = selector.split(' ');
    const atFirst = of(log, topics);
    const [earliest] = await readAll(t, log, topics, 's.a.1', [{ from: 'earliest' }]);
    assert.deepEqual(earliest.list, atFirst, `${topics}`);

    const all = of(log, topics);
    const places = earliest.pair.sse.list.map((item, index) => (
      { fromSse: cursorOf(item), fromGrpc: cursorOf(earliest.pair.grpc.list[index]) }));
    const resumed = await readAll(t, log, topics, 's.a.1', places.map((cursor) => ({ cursor })));
    resumed.forEach(({ list, pair }, index) => assert.deepEqual(list, all.slice(index + 1), pair.name));
    if (!isName(topics)) continue;

    // An id of the producer's, on a stream of one topic.
    const ids = all.filter(({ id }) => id?.startsWith('run/'));
    const now = of(log, topics);
    const byId = await readAll(t, log, topics, 's.a.1', ids.map(({ id }) => ({ cursor: id })));
    byId.forEach(({ list }, index) => assert.deepEqual(list, now.slice(now.indexOf(ids[index]) + 1)));
  }
});

test('the last N, the latest, and places that are none read the same over gRPC and SSE', async (t) => {
  const log = [];
  await publish(log, 'p.a', 0, 9);
  await publish(log, 'p.b', 9, 14);
  await end(log, 'p.b', FAILED);
  await publish(log, 'p.a', 14, 17);
  const { epoch, offset } = /^(?<epoch>[^-]+)-(?<offset>\d+)$/.exec(log.at(-1).cursor).groups;
  const strangers = ['nobodys', 'aaaaaaaaaaaaa-1', `${epoch}-${Number(offset) + 100000}`, `${epoch}-0`];

  for (const topics of [['p.a'], ['p.b'], ['p.a', 'p.b'], ['p.*']]) {
    const eventsNow = () => of(log, topics).filter(({ topic }) => topic);
    let events = eventsNow();
    const lasts = await readAll(t, log, topics, 'p.a', [1, 3, 7, 1000].map((last) => ({ last })));
    for (const { start, list } of lasts) assert.deepEqual(list.filter(({ topic }) => topic), events.slice(-start.last));
    const all = of(log, topics);
    const [latest, unsaid] = await readAll(t, log, topics, 'p.a', [{ from: 'latest' }, {}]);
    if (topics[0] === 'p.b') assert.deepEqual(latest.list, [log.find(({ ended }) => ended)]);
    else assert.ok(latest.list[0].position, 'it begins with its place');
    assert.deepEqual(latest.list.filter(({ topic }) => topic), []);
    if (topics[0] === 'p.*') assert.deepEqual(unsaid.list, latest.list);
    else assert.deepEqual(unsaid.list, all);

    events = eventsNow();
    const lost = await readAll(t, log, topics, 'p.a', strangers.map((cursor) => ({ cursor })));
    const reasons = lost.map(({ list }) => list[0].gap);
    assert.deepEqual(reasons.slice(0, 3), ['unknown_id', 'epoch_changed', 'unknown_id'], `${topics}`);
    for (const { start, list } of lost.slice(0, 3)) {
      assert.equal(list[0].requested, start.cursor);
      assert.deepEqual(list[0].topics, topics);
      assert.deepEqual(list.slice(1).filter(({ topic }) => topic), events);
    }
  }
});

test('what retention has taken is the same gap over gRPC and SSE, where it stands', async (t) => {
  const log = [];
  await producer.createTopic({ topic: 't.short', settings: { retentionEvents: 3 } });
  for (let round = 0; round < 8; ++round) {
    await publish(log, 't.short', 2 * round, 2 * round + 2);
    await publish(log, 't.long', 100 + round, 101 + round);
  }
  const short = of(log, ['t.short']);
  const [trimmed] = short.slice(-4);
  const check = async (topics) => {
    const kept = of(log, topics).filter((item) => !short.includes(item) || short.indexOf(item) > short.indexOf(trimmed));
    const readers = await readAll(t, log, topics, 't.long', log.map(({ cursor }) => ({ cursor })));
    for (const { start, list } of readers) {
      const after = offsetOf(start);
      const gaps = list.filter(({ gap }) => gap);
      const rest = kept.filter((item) => offsetOf(item) > after);
      assert.deepEqual(list.filter(({ gap }) => !gap), rest, `${topics} ${start.cursor}`);
      assert.equal(gaps.length, after < offsetOf(trimmed) ? 1 : 0, `${topics} ${start.cursor}`);
      for (const { gap, topics: lost } of gaps) assert.deepEqual([gap, lost], ['trimmed', ['t.short']]);
    }
  };
  for (const topics of [['t.short', 't.long'], ['t.*']]) await check(topics);
  await end(log, 't.short');
  for (const topics of [['t.short'], ['t.short', 't.long'], ['t.*']]) await check(topics);
});

test('a deleted topic reads the same over gRPC and SSE, for who was there and for who comes later', async (t) => {
  const log = [];
  const live = [['d.gone'], ['d.gone', 'd.kept'], ['d.*']].map((topics) => [topics, new Pair(t, topics, { from: 'earliest' })]);
  await untilStanding(...live.flatMap(([, { readers }]) => readers));
  await publish(log, 'd.gone', 0, 5);
  await publish(log, 'd.kept', 5, 9);
  await publish(log, 'd.gone', 9, 12);
  const places = log.map(({ cursor }) => ({ cursor }));
  for (const [topics, { readers }] of live) {
    for (const reader of readers) await untilRead(reader, hasLast(of(log, topics).at(-1)));
  }
  await producer.deleteTopic('d.gone');
  let gone;
  for (const [topics, pair] of live) {
    const list = await pair.list(isName(topics) ? undefined : (items) => items.at(-1)?.ended);
    gone = list.pop();
    assert.deepEqual([gone.ended, gone.error.code], ['d.gone', 'NOT_FOUND']);
    assert.deepEqual(list, of(log, topics));
  }

  const keptAfter = (offset) => of(log, ['d.kept']).filter((item) => offsetOf(item) > offset);
  const others = keptAfter(0);
  const [both] = await readAll(t, log, ['d.gone', 'd.kept'], 'd.kept', [{ from: 'earliest' }]);
  assert.deepEqual(inOrder(both.list), [...others, gone]);
  const [alone] = await readAll(t, log, ['d.gone'], 'd.kept', [{}]);
  assert.deepEqual(alone.list, [gone]);
  for (const topics of [['d.gone'], ['d.gone', 'd.kept'], ['d.*']]) {
    const wantedOthers = isName(topics) ? () => [] : keptAfter;
    const before = new Map(places.map(({ cursor }) => [cursor, wantedOthers(offsetOf({ cursor }))]));
    for (const { start, list } of await readAll(t, log, topics, 'd.kept', places)) {
      assert.deepEqual(list.filter(({ topic }) => topic), before.get(start.cursor), `${topics} ${start.cursor}`);
      const gaps = list.filter(({ gap }) => gap);
      assert.deepEqual(gaps.map(({ gap }) => gap), start === places.at(-1) ? [] : ['gone'], `${topics} ${start.cursor}`);
      if (topics[0] === 'd.gone') assert.deepEqual(list.filter(({ ended }) => ended), [gone]);
    }
  }
});

test('readers that are there while several producers publish get the same over gRPC and SSE', async (t) => {
  const log = [];
  const selectors = [['l.a.1'], ['l.a.2'], ['l.b'], ['l.a.1', 'l.a.2', 'l.b'], ['l.a.*'], ['l.>', 'l.b']];
  const pairs = selectors.flatMap((topics) => ['earliest', 'latest'].map(
      (from) => ({ topics, from, pair: new Pair(t, topics, { from }) })));
  await untilStanding(...pairs.flatMap(({ pair }) => pair.readers));
  const producers = [0, 1, 2, 3].map(() => new Producer(bridge));
  t.after(() => { for (const one of producers) one.close(); });
  await Promise.all([['l.a.1', 0], ['l.a.2', 100], ['l.b', 200], ['l.a.1', 300]].map(
      ([topic, from], index) => publish(log, topic, from, from + 60, producers[index])));
  await end(log, 'l.a.2', FAILED);
  await end(log, 'l.b');
  await end(log, 'l.a.1');
  inOrder(log);
  for (const { topics, from, pair } of pairs) {
    const whole = of(log, topics);
    const ends = !/[*>]/.test(`${topics}`);
    const list = await pair.list(ends ? undefined : hasLast(whole.at(-1)));
    if (from === 'latest') assert.ok(list.shift().position, pair.name);
    assert.deepEqual(list, whole, pair.name);
    assert.equal(pair.grpc.over, ends, pair.name);
  }
});

// Reads to the end over connections that are cut further and further on.
async function readCut(t, topics, Reader, budget) {
  const detour = await startDetour(t, Reader === GrpcReader ? bridge.grpcPort : bridge.port, budget);
  const list = [];
  let cursor;
  for (;;) {
    const channel = new Producer(detour);
    const reader = new Reader(Reader === GrpcReader ? channel : detour, topics, { cursor, from: 'earliest' });
    try {
      await until('the connection to be over', () => reader.over, MS);
      list.push(...reader.list);
      if (reader.complete) return { list, connections: detour.connections };
    } finally {
      reader.close();
      channel.close();
    }
    if (list.length > 0) cursor = cursorOf(list.at(-1));
  }
}

for (const topics of [['c.one.b'], ['c.a', 'c.b', 'c.c']]) {
  test(`connections that are cut and resumed many times bring the same over gRPC and SSE: ${topics}`, async (t) => {
    const log = [];
    for (let round = 0; round < 6; ++round) {
      for (const topic of topics) await publish(log, topic, 8 * round, 8 * round + 8);
    }
    for (const topic of topics) await end(log, topic, topic.endsWith('.b') ? FAILED : null);
    const growing = (step) => (n) => 700 + step * n;
    const grpc = await readCut(t, topics, GrpcReader, growing(149));
    const sse = await readCut(t, topics, SseReader, growing(211));
    assert.deepEqual(timeless(grpc.list), log);
    assert.deepEqual(grpc.list, sse.list);
    for (const { connections } of [grpc, sse]) assert.ok(connections > 4, `${connections} connections`);
  });
}
