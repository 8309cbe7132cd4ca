'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const readline = require('node:readline');
const { BIN, Child } = require('./process.js');
const { until } = require('./until.js');

const FLEET = path.join(BIN, 'sse_fleet');

// Thousands of readers in one process of their own (tests/load/sse_fleet.cc), in named groups. They count on events whose
// text is `numbered()`.
class Fleet {
  constructor(bridge) {
    this.child = new Child(FLEET, [String(bridge.port)]);
    this.answers = [];
    this.ended = this.child.result.then(({ code, signal, stderr }) => { throw new Error(`sse_fleet ended (${signal ?? code})\n${stderr}`); });
    this.ended.catch(() => {});
    const lines = readline.createInterface({ input: this.child.child.stdout });
    lines.on('line', (line) => this.answers.shift()(JSON.parse(line)));
  }

  // Sends a command, and returns the report that answers it.
  async tell(...words) {
    const command = words.join(' ');
    const answer = new Promise((resolve) => { this.answers.push(resolve); });
    this.child.stdin.write(`${command}\n`);
    const report = await Promise.race([answer, this.ended]);
    if (report.error) throw new Error(`sse_fleet: "${command}": ${report.error}`);
    return report;
  }

  open(group, count, topic, ...options) { return this.tell('open', group, count, `/v1/topics/${topic}/events`, ...options); }
  report(group) { return this.tell('report', group); }

  // Waits until the report of a group satisfies `probe`, and returns it.
  async until(what, group, probe, ms = 60000) {
    let report;
    return until(() => `${what}: ${JSON.stringify(report)}`, async () => {
      report = await this.report(group);
      return probe(report) && report;
    }, ms);
  }

  untilOpen(group) { return this.until(`all of ${group} to be open`, group, ({ open, clients }) => open === clients); }

  // Waits until each reader of the group has had the event before number `next`.
  untilAt(group, next) { return this.until(`all of ${group} to have ${next} events`, group, ({ leastNext }) => leastNext >= next); }

  async stop() {
    this.child.stdin.end();
    const { code, stderr } = await this.child.wait();
    assert.equal(code, 0, stderr);
  }
}

// A fleet of one test's own.
function startFleet(t, bridge) {
  const fleet = new Fleet(bridge);
  t.after(() => fleet.stop());
  return fleet;
}

// The text of event `number`, sent now; the fleet looks at both.
function numbered(number, bytes = 0) {
  return `${number} ${process.hrtime.bigint() / 1000n} `.padEnd(bytes, 'x');
}

// Each event came once, in order and whole, up to where the reader is.
function assertSound(report) {
  const { cut, duplicates, missing, disordered, split, odd } = report;
  assert.deepEqual({ cut, duplicates, missing, disordered, split, odd },
                   { cut: 0, duplicates: 0, missing: 0, disordered: 0, split: 0, odd: 0 }, JSON.stringify(report));
}

module.exports = { Fleet, assertSound, numbered, startFleet };
