// The example, as it is run.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { useBridge } from '../../../tests/e2e/lib/bridge.js';
import { Child, ROOT } from '../../../tests/e2e/lib/process.js';
import { read } from './lib/reader.js';

const bridge = useBridge('--heartbeat=1s');
const run = (topic, ...command) => new Child(process.execPath, [path.join(ROOT, 'clients/node/example/build_log.js'), topic, ...command],
                                             { env: { SLUICE_GRPC: bridge.grpc } });

test('the example publishes what a command prints when somebody reads', async (t) => {
  const child = run('example', 'printf', 'one\\ntwo\\n');
  t.after(() => child.stop('SIGKILL'));
  const reader = read(t, bridge, 'example');
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.events.map(({ data }) => data), ['one', 'two', '[DONE]']);
  assert.deepEqual((await child.wait()).code, 0);
});

test('the example fails the topic with its command', async (t) => {
  const child = run('example.failed', 'sh', '-c', 'echo half; exit 3');
  t.after(() => child.stop('SIGKILL'));
  const reader = read(t, bridge, 'example.failed');
  await reader.until('the end', () => reader.over);
  assert.deepEqual(reader.events.map(({ data }) => data), ['half', '{"code":"UNKNOWN","message":"sh exited 3"}', '[DONE]']);
  assert.deepEqual((await child.wait()).code, 1);
});
