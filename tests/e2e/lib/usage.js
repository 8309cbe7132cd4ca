'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const { promisify } = require('node:util');

const status = (pid) => fs.readFileSync(`/proc/${pid}/status`, 'utf8');
const field = (pid, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status(pid))[1]);

const threads = (pid) => field(pid, 'Threads');
const descriptors = (pid) => fs.readdirSync(`/proc/${pid}/fd`).length;

// Bytes of memory that are the process's own.
const memory = (pid) => field(pid, 'RssAnon') * 1024;

// A sanitizer's own memory says nothing about the program's.
const isSanitized = (pid) => /lib[at]san\.so/.test(fs.readFileSync(`/proc/${pid}/maps`, 'utf8'));

// Bytes of kernel memory for each connection that a server on this port has accepted: what is queued, overhead included.
async function kernelMemory(port) {
  const { stdout } = await promisify(execFile)('ss', ['-Htmn', 'state', 'connected', `sport = :${port}`], { maxBuffer: 64 << 20 });
  return [...stdout.matchAll(/skmem:\(r(\d+),rb\d+,t(\d+),tb\d+,f(\d+),w(\d+)/g)]
      .map(([, received, sent, forward, queued]) => Number(received) + Math.max(Number(sent), Number(queued)) + Number(forward));
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;

module.exports = { descriptors, isSanitized, kernelMemory, memory, mib, sum, threads };
