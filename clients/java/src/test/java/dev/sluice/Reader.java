package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Reads a path in a thread, and comes back with the last id until it is told the end. */
final class Reader {
  final List<Received> received = new CopyOnWriteArrayList<>();
  volatile int joined; // times it was let in
  private final Bridge bridge;
  private final String path;
  private final Thread thread = new Thread(this::run);

  Reader(Bridge bridge, String path) {
    this.bridge = bridge;
    this.path = path;
    thread.setDaemon(true);
    thread.start();
  }

  List<Received> all() throws InterruptedException {
    thread.join(Support.DEADLINE.toMillis());
    assertFalse(thread.isAlive(), "no end after " + received.size() + " events");
    return received;
  }

  private Received last() {
    return received.isEmpty() ? null : received.get(received.size() - 1);
  }

  private void run() {
    while (last() == null || !last().data().equals("[DONE]")) {
      try {
        read();
      } catch (IOException noBridge) {
        try {
          Thread.sleep(20);
        } catch (InterruptedException never) {
          return;
        }
      } catch (InterruptedException never) {
        return;
      }
    }
  }

  private void read() throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(bridge.uri(path));
    if (last() != null) {
      request.header("Last-Event-ID", last().id());
    }
    var response = Bridge.HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    StringBuilder block = new StringBuilder();
    try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.equals(": sluice")) {
          joined++;
        } else if (!line.isEmpty()) {
          block.append(line).append('\n');
        } else {
          received.add(Received.of(block.toString()));
          block.setLength(0);
        }
      }
    }
  }
}
