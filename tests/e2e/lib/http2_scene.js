'use strict';

// A scene (see hostile.js) for the gRPC side. After each row another producer publishes on a connection of its own, the
// witness hears it, nothing has died, and memory is in bounds; after all of them the log is short.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');
const { useScene } = require('./hostile.js');
const { decode } = require('./readers.js');
const { until } = require('./until.js');
const { isSanitized, memory, mib } = require('./usage.js');

// gRPC's buffers may be 64 MiB here; of what was freed, the allocator keeps the more the more threads there are.
const MOST_BYTES = 400 << 20;
const MOST_LINES = 40;

// User and system time, in hundredths of a second.
function cpuTicks(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

class GrpcScene {
  constructor(...flags) {
    this.scene = useScene('--grpc_memory=64MiB', ...flags);
    this.bridge = this.scene.bridge;
    this.producer = this.scene.producer;
  }

  async unharmed() {
    await this.scene.unharmed();
    const bytes = memory(this.bridge.pid);
    if (!isSanitized(this.bridge.pid)) assert.ok(bytes < MOST_BYTES, mib(bytes));
  }

  test(name, run) {
    test(name, async (t) => {
      await run(t);
      await this.unharmed();
    });
  }

  get stderr() { return this.scene.stderr; }

  // All events of a topic that ends.
  async events(topic, ms) {
    const raw = this.scene.ask(`/v1/topics/${topic}/events`);
    await raw.untilClosed(ms);
    return decode(raw.text);
  }

  // The texts of a topic, which another call now goes on with and ends: nothing has ended it before.
  async texts(topic) {
    await this.producer.batch({ topic, events: [{ text: 'the next call' }], end: {} });
    return (await this.events(topic)).map(({ data }) => data);
  }

  // Waits until the bridge has nothing left to do.
  async atRest() {
    let before = cpuTicks(this.bridge.pid);
    await until('the bridge to come to rest', async () => {
      await delay(100);
      const [last, now] = [before, cpuTicks(this.bridge.pid)];
      before = now;
      return now - last <= 2;
    }, 30000);
  }

  close() {
    this.scene.close();
    test('after: the log is short', () => {
      const lines = this.scene.stderr.split('\n').length - 1;
      assert.ok(lines <= MOST_LINES, `${lines} lines:\n${this.scene.stderr.slice(0, 5000)}`);
    });
  }
}

const useGrpcScene = (...flags) => new GrpcScene(...flags);

module.exports = { useGrpcScene };
