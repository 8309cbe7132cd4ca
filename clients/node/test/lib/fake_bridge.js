// A gRPC server that does what a test says: it acknowledges, refuses, breaks off or keeps silent.

import grpc from '@grpc/grpc-js';
import { PublisherServiceService } from '../../dist/gen/sluice/v1/publisher_service.js';

// `serve(call, n)` is the n-th PublishWithFeedback call; `call.request(probe)` waits for a request of it.
export async function startFakeBridge(t, serve) {
  const server = new grpc.Server();
  const calls = [];
  const refuse = (call, done) => done({ code: grpc.status.UNIMPLEMENTED });
  server.addService(PublisherServiceService, {
    publish: refuse,
    publishBatch: refuse,
    publishWithFeedback: (call) => {
      call.requests = [];
      call.on('error', () => {});
      call.ack = (requests, accepted, duplicates = 0) => {
        call.write({ ack: { requests, accepted, duplicates, lastCursor: `aaaaaaaaaaaaa-${accepted}` } });
      };
      call.fail = (code, details = '', metadata = new grpc.Metadata()) => call.emit('error', { code, details, metadata });
      serve(call, calls.push(call) - 1);
      call.on('data', (request) => {
        call.requests.push(request);
        call.heard?.(request);
      });
      call.on('end', () => (call.ended ? call.ended() : call.end()));
    },
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  t.after(() => server.forceShutdown());
  return { calls, target: `127.0.0.1:${port}` };
}

// Acknowledges each request at once.
export function acknowledgeAll(call) {
  let events = 0;
  call.heard = (request) => {
    events += request.events.length;
    call.ack(call.requests.length, events);
  };
}

export const texts = (call) => call.requests.flatMap(({ events }) => events.map(({ text }) => text));
export const ids = (call) => call.requests.flatMap(({ events }) => events.map(({ id }) => id));
