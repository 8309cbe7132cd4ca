'use strict';

// WebKitGTK's MiniBrowser, driven by WebKitWebDriver over W3C WebDriver. It has no headless mode: an Xvfb is its display.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before } = require('node:test');
const { ADDRESS, freePort } = require('./address.js');
const { startBound } = require('./process.js');
const { until } = require('./until.js');

function executable(variable, file, packageName, ...folders) {
  const candidates = [process.env[variable], ...folders.map((folder) => path.join(folder, file))];
  const found = candidates.find((candidate) => candidate && fs.existsSync(candidate));
  if (!found) throw new Error(`no ${file}: install the package "${packageName}", or name its path in ${variable}`);
  return found;
}

function miniBrowser() {
  const libraries = '/usr/lib';
  const folders = fs.readdirSync(libraries)
      .flatMap((machine) => ['4.1', '4.0'].map((version) => path.join(libraries, machine, `webkit2gtk-${version}`)));
  return executable('MINIBROWSER', 'MiniBrowser', 'webkit2gtk-driver', ...folders);
}

class WebKit {
  async start() {
    this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-webkit-'));
    this.queue = Promise.resolve();
    this.xvfb = startBound(executable('XVFB', 'Xvfb', 'xvfb', '/usr/bin'),
                           ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp', '-noreset']);
    const [display] = await until(() => `Xvfb's display\n${this.xvfb.stderr}`, () => {
      if (this.xvfb.exited) throw new Error(`Xvfb ended\n${this.xvfb.stderr}`);
      return /^\d+(?=\n)/.exec(this.xvfb.stdout);
    }, 30000);

    const port = await freePort();  // the driver wants to be told
    this.url = `http://${ADDRESS}:${port}`;
    this.driver = startBound(executable('WEBKIT_WEBDRIVER', 'WebKitWebDriver', 'webkit2gtk-driver', '/usr/bin'),
                             [`--host=${ADDRESS}`, `--port=${port}`], { env: this.environment(display) });
    await until(() => `WebKitWebDriver to answer\n${this.driver.stderr}`, async () => {
      if (this.driver.exited) throw new Error(`WebKitWebDriver ended\n${this.driver.stderr}`);
      try {
        return (await this.call('GET', '/status')).ready;
      } catch {
        return false;
      }
    }, 30000);
    const { sessionId } = await this.call('POST', '/session', {
      capabilities: {
        alwaysMatch: {
          acceptInsecureCerts: true, 'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
        },
      },
    });
    this.session = `/session/${sessionId}`;
    this.first = await this.call('GET', `${this.session}/window`);
    return this;
  }

  // No sandbox: it wants user namespaces, which a container may not give. No GPU, no settings daemon, no home but ours.
  environment(display) {
    return {
      DISPLAY: `:${display}`, GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1', NO_AT_BRIDGE: '1', GSETTINGS_BACKEND: 'memory',
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', WEBKIT_DISABLE_DMABUF_RENDERER: '1',
      HOME: this.home, XDG_RUNTIME_DIR: this.home, XDG_CACHE_HOME: this.home, XDG_CONFIG_HOME: this.home,
      XDG_DATA_HOME: this.home,
    };
  }

  async call(method, command, body) {
    const response = await fetch(`${this.url}${command}`, {
      method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(60000),
    });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebKit: ${value.error}: ${value.message}`);
    return value;
  }

  // The session has one current window, so what pages do is done one after the other.
  inWindow(handle, ...command) {
    const result = this.queue.then(async () => {
      if (this.current !== handle) await this.call('POST', `${this.session}/window`, { handle });
      this.current = handle;
      return this.call(...command);
    });
    this.queue = result.catch(() => {});
    return result;
  }

  // A window, since what a tab hides is throttled. The first one stays open all the time: only there can others be opened
  // after some were closed.
  async newPage() {
    const { handle } = await this.inWindow(this.first, 'POST', `${this.session}/window/new`, { type: 'window' });
    return new Page(this, handle);
  }

  async stop() {
    if (this.session) await this.call('DELETE', this.session).catch(() => {});
    await this.driver?.stop();
    await this.xvfb?.stop();  // whatever is left of the browser loses its display and ends
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

// The part of Playwright's Page that our tests use.
class Page {
  constructor(webkit, handle) {
    this.webkit = webkit;
    this.handle = handle;
  }

  do(method, command, body) { return this.webkit.inWindow(this.handle, method, `${this.webkit.session}${command}`, body); }
  goto(url) { return this.do('POST', '/url', { url }); }
  evaluate(script, argument = null) {
    return this.do('POST', '/execute/sync', { script: `return (${script})(arguments[0])`, args: [argument] });
  }
  close() { return this.do('DELETE', '/window'); }
}

// One WebKit for all tests of a file. `page(t)` opens a page that leaves with its test.
function useWebKit() {
  const browser = {};
  before(async () => {
    browser.webkit = new WebKit();
    await browser.webkit.start();
  });
  after(() => browser.webkit?.stop());
  browser.page = async (t) => {
    const page = await browser.webkit.newPage();
    t.after(() => page.close());
    return page;
  };
  return browser;
}

module.exports = { useWebKit };
