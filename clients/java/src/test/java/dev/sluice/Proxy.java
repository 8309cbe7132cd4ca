package dev.sluice;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Between a client and a server: cuts connections with a reset, holds back one direction, or takes nothing. */
final class Proxy implements AutoCloseable {
  volatile boolean deaf; // reads nothing from the client
  volatile boolean mute; // drops what the server says
  volatile int connections;
  volatile LongSupplier cutAfter = () -> Long.MAX_VALUE; // bytes of a connection, both ways

  private final String server;
  private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  Proxy(String server) throws IOException {
    this.server = server;
    start(this::accept);
  }

  String target() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  void cut() {
    List<Socket> all = List.copyOf(sockets);
    sockets.removeAll(all);
    all.forEach(Proxy::reset);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    cut();
  }

  private void accept() {
    for (; ; ) {
      Socket client;
      try {
        client = listener.accept();
        connections++;
        client.setTcpNoDelay(true);
      } catch (IOException closed) {
        return;
      }
      try {
        String[] parts = server.split(":");
        Socket other = new Socket(parts[0], Integer.parseInt(parts[1]));
        other.setTcpNoDelay(true);
        sockets.addAll(List.of(client, other));
        AtomicLong left = new AtomicLong(cutAfter.getAsLong());
        start(() -> pump(client, other, true, left));
        start(() -> pump(other, client, false, left));
      } catch (IOException nobody) {
        reset(client);
      }
    }
  }

  private void pump(Socket source, Socket sink, boolean fromClient, AtomicLong left) {
    byte[] bytes = new byte[16384];
    try {
      for (; ; ) {
        while (fromClient && deaf) {
          Thread.sleep(5);
        }
        int count = source.getInputStream().read(bytes);
        if (count < 0) {
          break;
        }
        long before = left.getAndAdd(-count);
        if ((fromClient || !mute) && before > 0) {
          sink.getOutputStream().write(bytes, 0, (int) Math.min(count, before));
        }
        if (before <= count) {
          break;
        }
      }
    } catch (IOException | InterruptedException over) {
      // The other end is told below.
    }
    reset(source);
    reset(sink);
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException closed) {
      // Before.
    }
    try {
      socket.close();
    } catch (IOException closed) {
      // The same.
    }
  }

  private static void start(Runnable action) {
    Thread thread = new Thread(action, "proxy");
    thread.setDaemon(true);
    thread.start();
  }
}
