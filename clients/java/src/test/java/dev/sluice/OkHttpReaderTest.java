package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSource;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A reader that is not a browser: OkHttp's EventSource, which leaves coming back to its user. */
class OkHttpReaderTest {
  @RegisterExtension static final Bridge bridge = Bridge.large();

  private static final OkHttpClient CLIENT = new OkHttpClient();

  @AfterAll
  static void stop() {
    CLIENT.dispatcher().executorService().shutdown();
    CLIENT.connectionPool().evictAll();
  }

  /** One connection. */
  private static final class Source extends EventSourceListener implements AutoCloseable {
    final BlockingQueue<Received> events = new LinkedBlockingQueue<>();
    final CompletableFuture<Void> opened = new CompletableFuture<>();
    final CompletableFuture<Integer> over = new CompletableFuture<>(); // 0, or the status; fails with the connection
    private final EventSource source;

    Source(String url, String lastEventId, Duration readTimeout) {
      Request.Builder request = new Request.Builder().url("http://" + url);
      if (lastEventId != null) {
        request.header("Last-Event-ID", lastEventId);
      }
      OkHttpClient client = CLIENT.newBuilder().readTimeout(readTimeout).build();
      source = EventSources.createFactory(client).newEventSource(request.build(), this);
    }

    Received next() throws InterruptedException {
      return events.poll(Support.DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    int end() throws Exception {
      return over.get(Support.DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    Throwable failure() {
      return over.handle((status, error) -> error).orTimeout(Support.DEADLINE.toSeconds(), TimeUnit.SECONDS).join();
    }

    @Override
    public void onOpen(EventSource source, Response response) {
      opened.complete(null);
    }

    @Override
    public void onEvent(EventSource source, String id, String type, String data) {
      events.add(new Received(id, type == null ? "" : type, data));
    }

    @Override
    public void onClosed(EventSource source) {
      over.complete(0);
    }

    @Override
    public void onFailure(EventSource source, Throwable error, Response response) {
      if (response != null && response.code() != 200) {
        over.complete(response.code());
      } else {
        over.completeExceptionally(error);
      }
    }

    @Override
    public void close() {
      source.cancel();
    }
  }

  private static Source read(String topic, String lastEventId) {
    return new Source(bridge.http() + "/v1/topics/" + topic + "/events", lastEventId, Support.DEADLINE);
  }

  @Test
  void itReadsEventsUpToDoneAndIsNotLetInAgain() throws Exception {
    List<String> ids;
    try (Publisher publisher = Publisher.connect(bridge.grpc());
        Source source = read("okhttp", null)) {
      source.opened.get(Support.DEADLINE.toSeconds(), TimeUnit.SECONDS);
      ids = List.of(publisher.publish("okhttp", "two\nlines"), publisher.publish("okhttp", Events.json("tick", 7)));
      publisher.end("okhttp");
      assertEquals(new Received(ids.get(0), "", "two\nlines"), source.next());
      assertEquals(new Received(ids.get(1), "tick", "7"), source.next());
      Received done = source.next();
      assertEquals("[DONE]", done.data());
      assertEquals(0, source.end());
      assertTrue(source.events.isEmpty());
      try (Source again = read("okhttp", done.id())) {
        assertEquals(204, again.end());
      }
    }
  }

  @Test
  void aConnectionThatIsCutGoesOnAfterItsLastId() throws Exception {
    try (Proxy proxy = new Proxy(bridge.http());
        Publisher publisher = Publisher.connect(bridge.grpc())) {
      String url = proxy.target() + "/v1/topics/okhttp.cut/events";
      String last = null;
      for (int round = 0; round < 3; round++) {
        try (Source source = new Source(url, last, Support.DEADLINE)) {
          for (String number : Support.numbers(round * 10, round * 10 + 10)) {
            publisher.publish("okhttp.cut", number);
            Received event = source.next();
            assertEquals(number, event.data());
            last = event.id();
          }
          publisher.publish("okhttp.cut", Events.text("ping", "for the next connection, or this one"));
          publisher.flush();
          proxy.cut();
          assertInstanceOf(Exception.class, source.failure());
          last = source.events.stream().reduce((one, other) -> other).map(Received::id).orElse(last);
          if (source.events.isEmpty()) {
            try (Source next = new Source(url, last, Support.DEADLINE)) {
              Received ping = next.next();
              assertEquals("ping", ping.type());
              last = ping.id();
            }
          }
        }
      }
      publisher.end("okhttp.cut");
      try (Source source = new Source(url, last, Support.DEADLINE)) {
        assertEquals("[DONE]", source.next().data());
        assertEquals(0, source.end());
      }
    }
  }

  @Test
  void heartbeatsKeepATopicThatRestsWithinTheReadTimeout() throws Exception {
    String url = bridge.http() + "/v1/topics/okhttp.rests/events";
    try (Publisher publisher = Publisher.connect(bridge.grpc());
        Source without = new Source(url, null, Duration.ofSeconds(1));
        Source with = new Source(url + "?heartbeat=1", null, Duration.ofSeconds(3))) {
      assertInstanceOf(SocketTimeoutException.class, without.failure(), "the bridge's own heartbeat comes after 15 s");
      try {
        assertNull(with.over.get(5, TimeUnit.SECONDS), "it is still open");
      } catch (TimeoutException open) {
        publisher.publish("okhttp.rests", "awake");
        publisher.end("okhttp.rests");
        assertEquals("awake", with.next().data());
        assertEquals("[DONE]", with.next().data());
        assertEquals(0, with.end());
      }
    }
  }
}
