'use strict';

const { setTimeout: delay } = require('node:timers/promises');

// Waits for what `probe` finds (anything truthy, or a promise of it), and gives up with a sentence after `ms`.
async function until(what, probe, ms = 10000) {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) {
      const text = typeof what === 'function' ? what() : what;
      throw new Error(`still waiting after ${ms} ms for ${text}`);
    }
    await delay(5);
  }
}

module.exports = { until };
