'use strict';

const { spawn } = require('node:child_process');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '../../..');
const BIN = path.resolve(process.env.SLUICE_BIN ?? path.join(ROOT, 'build/dev/bin'));

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

// A child process with what it printed so far, and a promise of how it ended. None outlives the test's own process.
class Child {
  constructor(file, args, { cwd, env = {}, input } = {}) {
    this.name = path.basename(file);
    this.stdout = '';
    this.stderr = '';
    this.child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.child);
    this.child.stdin.on('error', () => {});  // it may well leave before it has read everything
    this.child.stdout.setEncoding('utf8').on('data', (text) => { this.stdout += text; });
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.stderr += text; });
    this.exited = false;
    this.result = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        running.delete(this.child);
        this.exited = true;
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
    this.result.catch(() => {});
    if (input !== undefined) this.child.stdin.end(input);
  }

  get pid() { return this.child.pid; }
  get stdin() { return this.child.stdin; }

  // How it ended; a process that does not end in time is killed, and that fails the caller.
  async wait(ms = 20000) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.child.kill('SIGKILL');
        reject(new Error(`${this.name} did not exit within ${ms} ms\n${this.stderr}`));
      }, ms);
    });
    try {
      return await Promise.race([this.result, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return this.wait();
  }
}

// A program that ends with this process, however that ends.
const startBound = (file, args, options) => new Child('setpriv', ['--pdeathsig', 'TERM', file, ...args], options);

module.exports = { BIN, Child, ROOT, startBound };
