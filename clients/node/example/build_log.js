// Publishes what a command prints, and starts it when somebody reads the topic:
//
//     node clients/node/example/build_log.js build.42 make -j2
//     curl -N http://localhost:8080/v1/topics/build.42/events
//
// A reader that asks to stop (`sluice stop build.42`) stops the command.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';
import { Publisher } from '@sluice/publisher';

const [topic, command, ...args] = process.argv.slice(2);
if (!command) {
  console.error('usage: build_log.js TOPIC COMMAND [ARGUMENT...]');
  process.exit(2);
}

const publisher = new Publisher(process.env.SLUICE_GRPC ?? 'localhost:50051', { onAbort: 'fail' });

const feedback = publisher.feedback();
await publisher.announce(topic);
for await (const { kind, subscribers } of feedback) {
  if (kind === 'interest' && subscribers > 0) break;
}

async function* lines(signal) {
  const child = spawn(command, args, { signal, stdio: ['ignore', 'pipe', 'inherit'] });
  child.on('error', () => {});  // the exit code says it, too
  const closed = once(child, 'close').catch(() => [null]);
  yield* readline.createInterface(child.stdout);
  const [code] = await closed;
  if (code !== 0) throw new Error(`${command} exited ${code ?? 'by a signal'}`);
}

try {
  const stop = await publisher.stream(topic, lines);
  if (stop) console.error(`stopped: ${stop.reason || 'no reason given'}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  console.error(await publisher.close());
}
