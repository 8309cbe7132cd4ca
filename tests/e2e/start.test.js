'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { BRIDGE, useBridge } = require('./lib/bridge.js');
const { Child } = require('./lib/process.js');

const bridge = useBridge();

const run = (...flags) => new Child(BRIDGE, flags).wait();

test('a second bridge on the same HTTP port exits 1 and names the address', async () => {
  const { code, stdout, stderr } = await run('--grpc_listen=127.0.0.1:0', `--http_listen=127.0.0.1:${bridge.port}`);
  assert.equal(code, 1, stderr);
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${bridge.port}\\b`));
  assert.doesNotMatch(stdout, /sluice ready/);
});

test('a second bridge on the same gRPC port exits 1 and names the address', async () => {
  const { code, stdout, stderr } = await run(`--grpc_listen=127.0.0.1:${bridge.grpcPort}`, '--http_listen=127.0.0.1:0');
  assert.equal(code, 1, stderr);
  assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${bridge.grpcPort}\\b`));
  assert.doesNotMatch(stdout, /sluice ready/);
});

for (const [flag, bad, bound] of [
  ['heartbeat', '10h', /\d+\s*(s|m|ms)\b/],
  ['heartbeat', 'soon', /heartbeat/],
  ['retention_events', '-1', /retention_events/],
  ['max_event_bytes', '1PiB', /\d+\s*(B|KiB|MiB|GiB)?/],
  ['loops', '100000', /\d/],
  ['http_listen', 'nonsense', /http_listen/],
  ['log_format', 'xml', /text.*json|json.*text/],
]) {
  test(`--${flag}=${bad} exits 2 and names the flag, the value and what it may be`, async () => {
    const { code, stderr } = await run(`--${flag}=${bad}`);
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(flag));
    const rest = stderr.replaceAll(flag, '');
    assert.ok(rest.includes(bad), stderr);
    assert.match(bound.source === flag ? stderr : rest.replaceAll(bad, ''), bound);
  });
}

for (const [name, bytes, reason] of [
  ['that is not there', undefined, /cannot be read/],
  ['that is no set', Buffer.from('syntax = "proto3";'), /FileDescriptorSet/],
  ['whose import is missing', Buffer.from('\x0a\x15\x0a\x07a.proto\x1a\x0ashop/b.pro', 'latin1'), /a\.proto imports shop\/b\.pro\b/],
]) {
  test(`a descriptor_set ${name} exits 2 and names the setting, the path and what is wrong`, async (t) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-set-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'types.pb');
    if (bytes) fs.writeFileSync(file, bytes);
    const { code, stdout, stderr } = await run('--grpc_listen=127.0.0.1:0', '--http_listen=127.0.0.1:0', `--descriptor_set=${file}`);
    assert.equal(code, 2, stderr);
    assert.ok(stderr.includes(`descriptor_set=${file}: `), stderr);
    assert.match(stderr, reason);
    assert.doesNotMatch(stdout, /sluice ready/);
  });
}

test('an unknown flag exits 2 and is named', async () => {
  const { code, stderr } = await run('--no_such_flag=1');
  assert.equal(code, 2, stderr);
  assert.match(stderr, /no_such_flag/);
});

test('an address that is not loopback is refused unless insecure is set', async () => {
  const { code, stderr } = await run('--grpc_listen=127.0.0.1:0', '--http_listen=0.0.0.0:0');
  assert.ok(code === 1 || code === 2, `exit ${code}\n${stderr}`);
  assert.match(stderr, /insecure/);
});

test('--help exits 0 and tells of every flag in use here', async () => {
  const { code, stdout } = await run('--help');
  assert.equal(code, 0);
  for (const flag of ['grpc_listen', 'http_listen', 'heartbeat', 'retry', 'cors_origins', 'producer_grace']) {
    assert.match(stdout, new RegExp(flag));
  }
});
