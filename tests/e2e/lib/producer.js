'use strict';

const path = require('node:path');
const { after } = require('node:test');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');
const { ROOT } = require('./process.js');

const PUBLISH = '/sluice.v1.PublisherService/Publish';
const PUBLISH_BATCH = '/sluice.v1.PublisherService/PublishBatch';
const PUBLISH_WITH_FEEDBACK = '/sluice.v1.PublisherService/PublishWithFeedback';

const { v1 } = grpc.loadPackageDefinition(protoLoader.loadSync(
    ['sluice/v1/publisher_service.proto', 'sluice/v1/subscriber_service.proto', 'sluice/v1/topic_service.proto'],
    { includeDirs: [path.join(ROOT, 'protos')], defaults: true, enums: String, longs: Number, oneofs: true })).sluice;

// The rich error of a failed call, as google.rpc has it on the wire.
const { root: details } = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message FieldViolation { string field = 1; string description = 2; }
  message BadRequest { repeated FieldViolation field_violations = 1; }`);

// The fields that a failed call's BadRequest names, with the reasons.
function violations(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (bytes === undefined) return undefined;
  const status = details.lookupType('Status').decode(bytes);
  return status.details
      .filter((any) => any.typeUrl === 'type.googleapis.com/google.rpc.BadRequest')
      .flatMap((any) => details.lookupType('BadRequest').decode(any.value).fieldViolations);
}

// The error of a call that has to fail.
function failure(call) {
  return call.then((response) => { throw new Error(`the call did not fail: ${JSON.stringify(response)}`); }, (error) => error);
}

const accepted = (error) => error.metadata.get('sluice-accepted').map(String);

// A JavaScript value as google.protobuf.Value.
function value(of) {
  if (of === null) return { nullValue: 'NULL_VALUE' };
  if (typeof of === 'string') return { stringValue: of };
  if (typeof of === 'number') return { numberValue: of };
  if (typeof of === 'boolean') return { boolValue: of };
  if (Array.isArray(of)) return { listValue: { values: of.map(value) } };
  return { structValue: { fields: Object.fromEntries(Object.entries(of).map(([name, one]) => [name, value(one)])) } };
}

// A grpc-js client of a bridge that may not have started yet. `options` are those of its channels.
class Producer {
  constructor(bridge, options = {}) {
    this.bridge = bridge;
    this.options = options;
    this.clients = [];
  }

  client(Service) {
    const client = new Service(this.bridge.grpc, grpc.credentials.createInsecure(), this.options);
    this.clients.push(client);
    return client;
  }

  get publisher() { return this.publisher_ ??= this.client(v1.PublisherService); }
  get subscriber() { return this.subscriber_ ??= this.client(v1.SubscriberService); }
  get topics() { return this.topics_ ??= this.client(v1.TopicService); }

  unary(client, method, request) {
    return new Promise((resolve, reject) => {
      client[method](request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }

  batch(request) { return this.unary(this.publisher, 'publishBatch', request); }
  createTopic(request) { return this.unary(this.topics, 'createTopic', request); }
  deleteTopic(topic) { return this.unary(this.topics, 'deleteTopic', { topic }); }

  // The topic, or undefined if there is none.
  async getTopic(topic) {
    try {
      return (await this.unary(this.topics, 'getTopic', { topic })).topic;
    } catch (error) {
      if (error.code === grpc.status.NOT_FOUND) return undefined;
      throw error;
    }
  }

  // An open Publish call: write() and end() it, and `call.response` is the promise of its answer.
  open(options = {}) {
    let call;
    const response = new Promise((resolve, reject) => {
      call = this.publisher.publish(options, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    response.catch(() => {});
    call.response = response;
    return call;
  }

  // Publishes all requests over one Publish call.
  async publish(...requests) {
    const call = this.open();
    for (const request of requests) call.write(request);
    call.end();
    return call.response;
  }

  // Calls a method with requests of bytes as they are, parsed by nobody on this side.
  raw(method, ...requests) {
    const pass = (bytes) => bytes;
    return new Promise((resolve, reject) => {
      const done = (error, response) => (error ? reject(error) : resolve(response));
      if (method === PUBLISH_BATCH) {
        this.publisher.makeUnaryRequest(method, pass, pass, requests[0], done);
        return;
      }
      let call;
      if (method === PUBLISH) {
        call = this.publisher.makeClientStreamRequest(method, pass, pass, done);
      } else {
        call = this.publisher.makeBidiStreamRequest(method, pass, pass);
        call.on('data', () => {}).on('error', reject).on('end', resolve);
      }
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  close() {
    for (const client of this.clients) client.close();
  }
}

// One producer for all tests of a file.
function useProducer(bridge) {
  const producer = new Producer(bridge);
  after(() => producer.close());
  return producer;
}

// The bytes of a PublishRequest, for requests that are to be damaged.
const encodeRequest = v1.PublisherService.service.Publish.requestSerialize;

module.exports = {
  PUBLISH, PUBLISH_BATCH, PUBLISH_WITH_FEEDBACK, Producer, accepted, encodeRequest, failure, status: grpc.status, useProducer, value,
  violations,
};
