'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const puppeteer = require('puppeteer-core');

// Nothing but what the tests ask for goes over the network.
const PREFS = {
  'network.http.speculative-parallel-limit': 0,
  'network.dns.disablePrefetch': true,
  'network.prefetch-next': false,
  'browser.region.network.url': '',
  'services.settings.server': 'data:,',
  'toolkit.telemetry.server': 'data:,',
};

function executable() {
  const found = [process.env.FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'].find((path) => path && fs.existsSync(path));
  if (!found) throw new Error('no Firefox: install the package "firefox-esr", or name its path in FIREFOX');
  return found;
}

// Firefox opens a tab beside another, and fails if that is just being closed.
async function newTab(firefox) {
  for (let tries = 1; ; ++tries) {
    try {
      return await firefox.newPage();
    } catch (error) {
      if (tries === 5 || !/no such frame/.test(error.message)) throw error;
    }
  }
}

// One headless Firefox for all tests of a file, driven over WebDriver BiDi; its home leaves with it. `page(t)` opens a
// page that leaves with its test.
function useFirefox() {
  const browser = {};
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-firefox-'));
  before(async () => {
    browser.firefox = await puppeteer.launch({
      browser: 'firefox', executablePath: executable(), headless: true, extraPrefsFirefox: PREFS, timeout: 60000,
      acceptInsecureCerts: true,
      userDataDir: path.join(home, 'profile'), env: { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: '1' },
    });
  });
  after(async () => {
    await browser.firefox?.close();
    fs.rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  browser.page = async (t) => {
    const page = await newTab(browser.firefox);
    t.after(() => page.close());
    return page;
  };
  return browser;
}

module.exports = { useFirefox };
