'use strict';

// A producer that publishes one event to each of the topics it is given, under ON_ABORT_FAIL, and then holds its call
// open until it is killed: node hold.js HOST:PORT TOPIC...

const { Producer } = require('../lib/producer.js');

const [grpc, ...topics] = process.argv.slice(2);
const call = new Producer({ grpc }).open();
for (const topic of topics) call.write({ topic, onAbort: 'ON_ABORT_FAIL', events: [{ text: 'from the child' }] });
setInterval(() => {}, 1 << 30);
