'use strict';

// The gRPC side as a stranger finds it: with no proto at hand.

const assert = require('node:assert/strict');
const path = require('node:path');
const { test } = require('node:test');
const { useBridge } = require('./lib/bridge.js');
const { Child } = require('./lib/process.js');
const { failure, status, useProducer } = require('./lib/producer.js');
const { decode } = require('./lib/readers.js');
const { openStream } = require('./lib/raw.js');

const bridge = useBridge();
const producer = useProducer(bridge);

const BUF = path.join(__dirname, 'node_modules/.bin/buf');

const bufCurl = (...args) => new Child(BUF, ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args], { input: '' }).wait(60000);

test('buf curl lists the services and methods by reflection', async () => {
  const services = await bufCurl('--list-services', `http://${bridge.grpc}`);
  assert.equal(services.code, 0, services.stderr);
  const listed = services.stdout.trim().split('\n');
  for (const service of ['sluice.v1.PublisherService', 'sluice.v1.TopicService', 'grpc.health.v1.Health']) {
    assert.ok(listed.includes(service), services.stdout);
  }
  const methods = await bufCurl('--list-methods', `http://${bridge.grpc}`);
  assert.equal(methods.code, 0, methods.stderr);
  assert.match(methods.stdout, /sluice\.v1\.PublisherService\/PublishBatch/);
});

test('buf curl calls PublishBatch with no proto at hand', async (t) => {
  const request = { topic: 'hello', events: [{ text: 'from buf' }, { json: { n: 1 } }], end: {} };
  const { code, stdout, stderr } = await bufCurl(
      '-d', JSON.stringify(request), `http://${bridge.grpc}/sluice.v1.PublisherService/PublishBatch`);
  assert.equal(code, 0, stderr);
  const answer = JSON.parse(stdout);
  assert.equal(answer.accepted, '2');
  const raw = await openStream(t, bridge, '/v1/topics/hello/events');
  await raw.untilClosed();
  assert.deepEqual(decode(raw.text).map(({ data }) => data), ['from buf', '{"n":1}', '[DONE]']);
});

for (const service of ['', 'sluice.v1.PublisherService', 'sluice.v1.TopicService']) {
  test(`health of ${JSON.stringify(service)} is SERVING`, async () => {
    const { code, stdout, stderr } = await bufCurl(
        '-d', JSON.stringify({ service }), `http://${bridge.grpc}/grpc.health.v1.Health/Check`);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { status: 'SERVING' });
  });
}

test('health of an unknown service is NOT_FOUND', async () => {
  const { code, stderr } = await bufCurl('-d', '{"service":"no.Such"}', `http://${bridge.grpc}/grpc.health.v1.Health/Check`);
  assert.notEqual(code, 0);
  assert.match(stderr, /not_found/);
});

test('CreateTopic makes a topic with its settings, and GetTopic tells them', async () => {
  const { topic } = await producer.createTopic({ topic: 'made', settings: { retentionEvents: 3 } });
  assert.equal(topic.name, 'made');
  assert.equal(topic.state, 'TOPIC_STATE_OPEN');
  assert.equal(topic.settings.retentionEvents, 3);
  await producer.batch({ topic: 'made', events: [1, 2, 3, 4, 5].map((n) => ({ text: `${n}` })) });
  const after = await producer.getTopic('made');
  assert.equal(after.events, 3, 'exactly the last three');
  assert.notEqual(after.firstCursor, after.lastCursor);
  await producer.batch({ topic: 'made', end: {} });
  const ended = await producer.getTopic('made');
  assert.equal(ended.state, 'TOPIC_STATE_COMPLETED');
  assert.ok(ended.endTime);
});

test('CreateTopic without a name makes one that cannot be guessed', async () => {
  const names = new Set();
  for (let n = 0; n < 5; ++n) names.add((await producer.createTopic({})).topic.name);
  assert.equal(names.size, 5);
  for (const name of names) assert.match(name, /^[A-Za-z0-9_~:@-]{16,}$/);
});

test('CreateTopic of a topic that is there is ALREADY_EXISTS', async () => {
  await producer.batch({ topic: 'there', events: [{ text: 'x' }] });
  const error = await failure(producer.createTopic({ topic: 'there' }));
  assert.equal(error.code, status.ALREADY_EXISTS);
});

test('an ended topic can be replaced if the caller says so', async () => {
  await producer.batch({ topic: 'replaced', events: [{ text: 'x' }], end: {} });
  const error = await failure(producer.createTopic({ topic: 'replaced' }));
  assert.equal(error.code, status.ALREADY_EXISTS);
  const { topic } = await producer.createTopic({ topic: 'replaced', replaceEnded: true });
  assert.equal(topic.state, 'TOPIC_STATE_OPEN');
  assert.equal(topic.events, 0);
});

test('GetTopic of a topic that is not there is NOT_FOUND', async () => {
  assert.equal(await producer.getTopic('nowhere'), undefined);
});
