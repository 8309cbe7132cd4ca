// A TCP proxy that cuts connections, or keeps their bytes back.

import net from 'node:net';

export async function startTcpProxy(t, port) {
  const pairs = new Set();
  const proxy = {
    connections: 0,
    // Cuts a connection after so many bytes from the bridge: `limit(n)` for the n-th, undefined for never.
    limit: () => undefined,
    cut: () => { for (const [one, other] of pairs) { one.resetAndDestroy(); other.destroy(); } },
    // Takes nothing more of what producers send, until resume().
    pause: () => { proxy.paused = true; for (const [client] of pairs) client.pause(); },
    resume: () => { proxy.paused = false; for (const [client] of pairs) client.resume(); },
  };
  const server = net.createServer({ noDelay: true }, (client) => {
    const limit = proxy.limit(proxy.connections++);
    const bridge = net.connect({ host: '127.0.0.1', port, noDelay: true });
    const pair = [client, bridge];
    let passed = 0;
    pairs.add(pair);
    client.on('data', (bytes) => {
      if (bridge.write(bytes)) return;
      client.pause();
      bridge.once('drain', () => { if (!proxy.paused) client.resume(); });
    });
    if (proxy.paused) client.pause();
    bridge.on('data', (bytes) => {
      passed += bytes.length;
      if (limit === undefined || passed < limit) client.write(bytes);
      else { client.resetAndDestroy(); bridge.destroy(); }
    });
    for (const [one, other] of [[client, bridge], [bridge, client]]) {
      one.on('error', () => {}).on('end', () => other.end()).on('close', () => { other.destroy(); pairs.delete(pair); });
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  t.after(() => { proxy.cut(); server.close(); });
  proxy.target = `127.0.0.1:${server.address().port}`;
  return proxy;
}
