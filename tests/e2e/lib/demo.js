'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before } = require('node:test');
const { useBridge } = require('./bridge.js');
const { useBrowser } = require('./browser.js');
const { BIN, Child, ROOT } = require('./process.js');
const { until } = require('./until.js');

const PATIENCE = 30000;

// A bridge with the demo's pages, and a browser for them.
function useDemo(...flags) {
  const bridge = useBridge('--demo', '--http_publish', '--retry=100ms', ...flags);
  const browser = useBrowser();

  // One of the pages of `from`, which must have nothing to complain of and fetch nothing from elsewhere. `known` are complaints
  // that the test is about; that a topic is not there yet is none.
  async function open(t, address, { from = bridge, known = [] } = {}) {
    const page = await browser.page(t);
    const complaints = [];
    const complain = (text) => { if (![/status of 404 .*\/history\?/, ...known].some((one) => one.test(text))) complaints.push(text); };
    page.on('pageerror', (error) => complain(error.message));
    page.on('console', (message) => { if (message.type() === 'error') complain(`${message.text()} ${message.location().url}`); });
    page.on('request', (request) => {
      if (!request.url().startsWith(`${from.http}/`)) complain(`it fetches ${request.url()}`);
    });
    t.after(() => assert.deepEqual(complaints, []));
    await page.goto(`${from.http}${address}`);
    return page;
  }

  return { bridge, open };
}

// What scripts/run.sh starts beside the bridge: the clock, the builds, the model. Returns the process.
function useProducers(bridge, env = {}) {
  const producers = {};
  before(async () => {
    // Hooks of a file run beside each other.
    await until('the bridge', () => bridge.grpcPort, PATIENCE);
    producers.child = new Child(path.join(ROOT, 'scripts/demo.sh'), [], {
      env: { ...env, PATH: `${BIN}:${process.env.PATH}`, SLUICE_GRPC: bridge.grpc, SLUICE_HTTP: bridge.http }, input: '',
    });
  });
  after(() => producers.child?.stop());
  return producers;
}

// What a person reads at `selector`, if it is to be seen.
const reads = (page, selector) => page.locator(selector).innerText();

// Waits until somebody reads `wanted`, a text or a pattern, at `selector`.
async function sees(page, selector, wanted, ms = PATIENCE) {
  let seen;
  await until(() => `${wanted} at ${selector}, which has\n${seen}`, async () => {
    seen = await page.locator(selector).isVisible() ? await reads(page, selector) : undefined;
    return seen !== undefined && (wanted instanceof RegExp ? wanted.test(seen) : seen === wanted);
  }, ms);
  return seen;
}

module.exports = { PATIENCE, reads, sees, useDemo, useProducers };
