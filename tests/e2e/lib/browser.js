'use strict';

const fs = require('node:fs');
const { after, before } = require('node:test');
const { chromium } = require('playwright-core');

const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

function executable() {
  const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
      .find((path) => path && fs.existsSync(path));
  if (!found) throw new Error('no Chromium: install the package "chromium", or name its path in CHROMIUM');
  return found;
}

// One headless Chromium for all tests of a file. `page(t)` opens a page that leaves with its test. `options` are those of its
// contexts.
function useBrowser(options) {
  const browser = {};
  before(async () => { browser.chromium = await chromium.launch({ executablePath: executable(), args: ARGS }); });
  after(() => browser.chromium?.close());
  browser.page = async (t) => {
    const context = await browser.chromium.newContext(options);
    t.after(() => context.close());
    return context.newPage();
  };
  return browser;
}

module.exports = { useBrowser };
