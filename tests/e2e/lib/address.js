'use strict';

const net = require('node:net');

// A loopback address that only this process listens on. A free port of it stays free until somebody takes it: one of 127.0.0.1
// may become that of any outgoing connection.
const ADDRESS = `127.${64 + (process.pid >> 16)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject).listen(0, ADDRESS, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

module.exports = { ADDRESS, freePort };
