// Events through better-sse: a channel for each topic.
//
//   node better_sse.mjs
//
//   GET /sub/TOPIC    a stream of events
//   POST /pub/TOPIC   publishes the body
//
// Prints `better-sse ready http=127.0.0.1:PORT`; ends with its standard input.
import { createChannel, createSession } from 'better-sse';
import { createServer } from 'node:http';

const channels = new Map();

function channelOf(topic) {
  let channel = channels.get(topic);
  if (!channel) channels.set(topic, channel = createChannel());
  return channel;
}

// Text needs no JSON around it.
const options = { serializer: (text) => text };

async function subscribe(topic, request, response) {
  channelOf(topic).register(await createSession(request, response, options));
}

function publish(topic, request, response) {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (part) => { text += part; });
  request.on('end', () => {
    channelOf(topic).broadcast(text);
    response.writeHead(204).end();
  });
}

const routes = { 'GET /sub/': subscribe, 'POST /pub/': publish };

// The publisher keeps one connection.
const server = createServer({ keepAliveTimeout: 3600000 }, (request, response) => {
  const route = routes[`${request.method} ${request.url.slice(0, 5)}`];
  if (route) route(request.url.slice(5), request, response);
  else response.writeHead(404).end();
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 65535 }, () => {
  console.log(`better-sse ready http=127.0.0.1:${server.address().port}`);
});

process.stdin.resume().on('end', () => process.exit());
