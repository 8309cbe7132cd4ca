package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.v1.Event;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Which calls a publisher makes, and when it makes another one. */
class CallsTest {
  private static Publisher publisher(FakeBridge bridge) {
    return Publisher.builder(bridge.target()).longestDelay(Duration.ofMillis(100)).build();
  }

  private static List<String> texts(FakeBridge.FakeCall call) {
    return call.requests.stream().flatMap(request -> request.getEventsList().stream()).map(Event::getText).toList();
  }

  private static List<String> ids(FakeBridge.FakeCall call) {
    return call.requests.stream().flatMap(request -> request.getEventsList().stream()).map(Event::getId).toList();
  }

  @Test
  void whatACallDidNotAcknowledgeIsSentAgainWithTheSameIds() throws Exception {
    for (Status broken : List.of(Status.UNAVAILABLE, Status.INTERNAL, Status.UNKNOWN, Status.CANCELLED)) {
      try (FakeBridge bridge =
              new FakeBridge(
                  (call, n) -> {
                    if (n > 0) {
                      call.acknowledge();
                    } else if (texts(call).size() == 3) {
                      call.fail(broken);
                    }
                  });
          Publisher publisher = publisher(bridge)) {
        List<String> ids = new ArrayList<>();
        for (String text : List.of("1", "2", "3")) {
          ids.add(publisher.publish("a", text));
        }
        assertEquals(new Totals(3, 0, "c-3"), publisher.finish());
        assertEquals(List.of("1", "2", "3"), texts(bridge.calls.get(1)));
        assertEquals(ids, ids(bridge.calls.get(1)));
        assertEquals("a", bridge.calls.get(1).topics().get(0));
        assertTrue(bridge.calls.get(1).halfClosed);
        assertFalse(bridge.calls.get(0).halfClosed);
      }
    }
  }

  @Test
  void anOkBeforeItsHalfCloseIsABrokenCall() throws Exception {
    try (FakeBridge bridge =
            new FakeBridge(
                (call, n) -> {
                  if (n == 0) {
                    call.complete();
                  } else {
                    call.acknowledge();
                  }
                });
        Publisher publisher = publisher(bridge)) {
      publisher.publish("a", "1");
      assertEquals(1, publisher.finish().accepted());
      assertEquals(2, bridge.calls.size());
    }
  }

  @Test
  void aTopicThatRestsIsNamedByTheNextCallAndOneThatHasEndedIsNot() throws Exception {
    try (FakeBridge bridge = new FakeBridge((call, n) -> call.acknowledge());
        Publisher publisher = publisher(bridge)) {
      publisher.publish("open", "x");
      publisher.publish("ended", "x");
      publisher.end("ended");
      publisher.flush();
      bridge.calls.get(0).fail(Status.UNAVAILABLE);
      Support.until("another call", () -> bridge.calls.size() > 1 && !bridge.calls.get(1).requests.isEmpty());
      assertEquals(List.of("open"), bridge.calls.get(1).topics());
      assertEquals(0, bridge.calls.get(1).requests.get(0).getEventsCount());
      publisher.publish("open", "y");
      assertEquals(3, publisher.finish().accepted());
    }
  }

  @Test
  void itGivesUpAndSaysHowMuchIsNotAcknowledged() throws Exception {
    try (FakeBridge bridge = new FakeBridge((call, n) -> call.fail(Status.UNAVAILABLE.withDescription("later")))) {
      Publisher publisher =
          Publisher.builder(bridge.target())
              .giveUpAfter(Duration.ofSeconds(2))
              .longestDelay(Duration.ofMillis(100))
              .build();
      for (String text : List.of("1", "2", "3")) {
        publisher.publish("a", text);
      }
      GaveUpException error = assertThrows(GaveUpException.class, publisher::flush);
      assertEquals(3, error.unacknowledged());
      String end = "3 events are not acknowledged; last: UNAVAILABLE: later";
      assertTrue(error.getMessage().endsWith(end), error.getMessage());
      assertThrows(GaveUpException.class, () -> publisher.publish("a", "more"));
      assertTrue(bridge.calls.size() > 1);
    }
  }

  @Test
  void itGivesUpOnABridgeThatSaysNothingAtAllAndCancelsTheCall() throws Exception {
    try (FakeBridge bridge = new FakeBridge((call, n) -> {})) {
      Publisher publisher = Publisher.builder(bridge.target()).giveUpAfter(Duration.ofMillis(700)).build();
      publisher.publish("a", "x");
      assertEquals(1, assertThrows(GaveUpException.class, publisher::close).unacknowledged());
      Support.until("the cancelled call", () -> bridge.calls.isEmpty() || bridge.calls.get(0).cancelled);
    }
  }

  @Test
  void waitingEndsAtATimeoutAndAtAnInterrupt() throws Exception {
    try (FakeBridge bridge = new FakeBridge((call, n) -> {})) {
      Publisher publisher = Publisher.builder(bridge.target()).bufferEvents(1).build();
      publisher.publish("a", "x");
      Duration moment = Duration.ofMillis(50);
      assertThrows(TimeoutException.class, () -> publisher.publish("a", Events.text("y"), moment));
      assertThrows(TimeoutException.class, () -> publisher.flush(moment));
      assertThrows(TimeoutException.class, () -> publisher.finish(moment));
      Thread.currentThread().interrupt();
      assertThrows(InterruptedException.class, publisher::flush);
      Thread.currentThread().interrupt();
      PublisherClosedException dropped = assertThrows(PublisherClosedException.class, publisher::close);
      assertTrue(Thread.interrupted(), "is still interrupted");
      assertEquals("interrupted, 1 events are not acknowledged", dropped.getMessage());
    }
  }

  @Test
  void aCancelEndsWhatOtherThreadsWaitFor() throws Exception {
    try (FakeBridge bridge = new FakeBridge((call, n) -> {})) {
      Publisher publisher = publisher(bridge);
      publisher.publish("a", "x");
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread waiting =
          new Thread(
              () -> {
                try {
                  publisher.flush();
                } catch (Exception error) {
                  thrown.set(error);
                }
              });
      waiting.start();
      Support.until("the call", () -> !bridge.calls.isEmpty());
      publisher.cancel();
      waiting.join();
      assertEquals(PublisherClosedException.class, thrown.get().getClass());
      Support.until("the end of the call", () -> bridge.calls.get(0).cancelled);
    }
  }

  @Test
  void eachCallAsksForItsMetadata() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Metadata.Key<String> key = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    try (FakeBridge bridge =
            new FakeBridge(
                (call, n) -> {
                  if (n == 0) {
                    call.fail(Status.UNAVAILABLE);
                  } else {
                    call.acknowledge();
                  }
                });
        Publisher publisher =
            Publisher.builder(bridge.target())
                .longestDelay(Duration.ofMillis(100))
                .metadata(
                    () -> {
                      if (asked.incrementAndGet() == 2) {
                        throw new IllegalStateException("no token now");
                      }
                      Metadata made = new Metadata();
                      made.put(key, "Bearer " + asked);
                      return made;
                    })
                .build()) {
      publisher.publish("a", "x");
      publisher.finish();
      assertEquals(List.of("Bearer 1", "Bearer 3"), bridge.tokens);
    }
  }
}
