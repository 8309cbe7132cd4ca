'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before } = require('node:test');
const { BIN, Child } = require('./process.js');
const { until } = require('./until.js');

const BRIDGE = path.join(BIN, 'sluice-bridge');

// A bridge on free ports. Flags given here win over the harness's.
class Bridge {
  async start(...flags) {
    this.child = new Child(BRIDGE, ['--grpc_listen=127.0.0.1:0', '--http_listen=127.0.0.1:0', '--drain=1s', ...flags]);
    const ready = await until(
        () => `the bridge's ready line\n${this.child.stdout}${this.child.stderr}`,
        async () => {
          if (this.child.exited) {
            const { code, signal, stderr } = await this.child.result;
            throw new Error(`sluice-bridge ended (${signal ?? code}) before it was ready\n${stderr}`);
          }
          return /^sluice ready grpc=(\S+) http=(\S+)$/m.exec(this.child.stdout);
        });
    this.grpc = ready[1];
    this.http = `http://${ready[2]}`;
    this.port = Number(/:(\d+)$/.exec(ready[2])[1]);
    this.grpcPort = Number(/:(\d+)$/.exec(ready[1])[1]);
    return this;
  }

  get pid() { return this.child.pid; }

  // Its page of events for a topic.
  events(topic, query = '') { return `${this.http}/v1/topics/${topic}/events${query}`; }

  // Stops it by its id; a bridge that does not exit cleanly fails the test that ran it.
  async stop(signal = 'SIGTERM') {
    const { child } = this;
    if (!child) return;
    this.child = undefined;
    const ended = await child.stop(signal);
    assert.deepEqual({ code: ended.code, signal: ended.signal }, { code: 0, signal: null },
                     `sluice-bridge must exit 0 after ${signal}\n${ended.stderr}`);
  }
}

// One bridge for all tests of a file.
function useBridge(...flags) {
  const bridge = new Bridge();
  before(() => bridge.start(...flags));
  after(() => bridge.stop());
  return bridge;
}

// A bridge of one test's own.
async function startBridge(t, ...flags) {
  const bridge = new Bridge();
  t.after(() => bridge.stop());
  return bridge.start(...flags);
}

module.exports = { BRIDGE, Bridge, startBridge, useBridge };
