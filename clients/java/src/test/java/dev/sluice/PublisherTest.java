package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.v1.Event;
import dev.sluice.v1.OnAbort;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PublisherTest {
  @RegisterExtension static final Bridge bridge = Bridge.large();

  @Test
  void whatIsPublishedIsReadInOrder() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      for (int n = 0; n < 1000; n++) {
        publisher.publish("order", String.valueOf(n));
      }
      publisher.end("order");
    }
    assertEquals(Support.numbersAndDone(1000), bridge.data("order"));
  }

  @Test
  void finishTellsHowMuchWasStored() throws Exception {
    Publisher publisher = Publisher.connect(bridge.grpc());
    for (int n = 0; n < 300; n++) {
      publisher.publish("totals", Event.newBuilder().setId("n" + n % 100).setText("x").build());
    }
    Totals totals = publisher.finish();
    assertEquals(List.of(100L, 200L), List.of(totals.accepted(), totals.duplicates()));
    assertTrue(totals.lastCursor().matches("[a-z2-7]{13}-\\d+"), totals.lastCursor());
    assertEquals(totals, publisher.finish());
  }

  @Test
  void aPublisherThatWasNotUsedCloses() throws Exception {
    assertEquals(Totals.NONE, Publisher.connect(bridge.grpc()).finish());
  }

  @Test
  void everyEventHasAnIdAndReadersSeeIt() throws Exception {
    List<String> ids = new ArrayList<>();
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      ids.add(publisher.publish("ids", "x"));
      ids.add(publisher.publish("ids", "x"));
      ids.add(publisher.publish("ids", Event.newBuilder().setId("mine").setText("y").build()));
      publisher.end("ids");
    }
    assertEquals(ids, bridge.events("ids").stream().limit(3).map(Received::id).toList());
    assertEquals("mine", ids.get(2));
  }

  @Test
  void flushWaitsUntilAllIsStored() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      for (int n = 0; n < 500; n++) {
        publisher.publish("flush", String.valueOf(n));
      }
      publisher.flush();
      String page = bridge.request("GET", "/v1/topics/flush/history?last=1", "").body();
      assertTrue(page.contains("\"data\":\"499\""), page);
    }
  }

  @Test
  void topicsMayAlternateAndThreadsMayShareAPublisher() throws Exception {
    try (Publisher publisher = Publisher.builder(bridge.grpc()).bufferEvents(7).build()) {
      List<Thread> threads = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        String topic = "thread." + thread;
        threads.add(
            new Thread(
                () -> {
                  try {
                    publisher.streamText(topic, Support.numbers(0, 200));
                  } catch (InterruptedException never) {
                    throw new AssertionError(never);
                  }
                }));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
    }
    for (int thread = 0; thread < 4; thread++) {
      assertEquals(Support.numbersAndDone(200), bridge.data("thread." + thread));
    }
  }

  @Test
  void manyEventsGoThroughASmallBuffer() throws Exception {
    try (Publisher publisher = Publisher.builder(bridge.grpc()).bufferEvents(3).bufferBytes(100).build()) {
      for (int n = 0; n < 2000; n++) {
        publisher.publish("small", String.valueOf(n));
        assertTrue(publisher.unacknowledged() <= 3);
      }
      publisher.publish("small", "larger than the buffer ".repeat(100));
      publisher.end("small");
      assertEquals(2001, publisher.finish().accepted());
    }
    assertEquals(Support.numbers(0, 2000), bridge.data("small").subList(0, 2000));
  }

  @Test
  void aTopicMayFail() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      publisher.fail("fails", Status.Code.DATA_LOSS, "no disk");
    }
    Received failed = bridge.events("fails").get(0);
    assertEquals("error", failed.type());
    assertEquals("{\"code\":\"DATA_LOSS\",\"message\":\"no disk\"}", failed.data());
  }

  @Test
  void interestTellsOfReadersOfATopicThatIsOnlyAnnounced() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    try (Publisher publisher =
        Publisher.builder(bridge.grpc()).onInterest((topic, readers) -> told.add(topic + " " + readers)).build()) {
      publisher.announce("interest");
      Support.until("nobody reads", () -> told.equals(List.of("interest 0")));
      Reader reader = new Reader(bridge, "/v1/topics/interest/events");
      Support.until("somebody reads", () -> told.equals(List.of("interest 0", "interest 1")));
      publisher.end("interest");
      reader.all();
    }
  }

  @Test
  void aReaderCanAskToStop() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    try (Publisher publisher =
        Publisher.builder(bridge.grpc()).onStop((topic, reason) -> told.add(topic + " " + reason)).build()) {
      publisher.publish("stop", "x");
      bridge.stop("stop", "enough");
      Support.until("the stop", () -> told.equals(List.of("stop enough")));
    }
  }

  @Test
  void aCallbackThatFailsStopsNothing() throws Exception {
    try (Publisher publisher =
        Publisher.builder(bridge.grpc())
            .onInterest(
                (topic, readers) -> {
                  throw new IllegalStateException("a callback that fails");
                })
            .build()) {
      publisher.publish("callback", "x");
      publisher.flush();
      publisher.publish("callback", "y");
      assertEquals(2, publisher.finish().accepted());
    }
  }

  @Test
  void underOnAbortATopicFailsWhenItsProducerIsGone() throws Exception {
    try (Bridge hasty = new Bridge("--producer_grace=200ms").start()) {
      Publisher publisher = Publisher.builder(hasty.grpc()).onAbort(OnAbort.ON_ABORT_FAIL).build();
      publisher.publish("lost", "x");
      publisher.flush();
      Reader reader = new Reader(hasty, "/v1/topics/lost/events");
      Support.until("the event", () -> !reader.received.isEmpty());
      publisher.cancel();
      assertEquals("{\"code\":\"ABORTED\",\"message\":\"producer lost\"}", reader.all().get(1).data());
    }
  }

  @Test
  void aStreamIsPublishedAndCompleted() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      List<Event> items = List.of(Events.text("one"), Events.text("two", "2"), Events.json(List.of(3)));
      assertEquals(new Streamed(3, Optional.empty()), publisher.stream("stream", items));
      List<Received> events = bridge.events("stream"); // before close: all is stored
      assertEquals(List.of("one", "2", "[3]", "[DONE]"), Received.data(events));
      assertEquals(List.of("", "two", "", ""), events.stream().map(Received::type).toList());
    }
  }

  @Test
  void aStreamFailsWithItsItems() throws Exception {
    RuntimeException busy = new StatusRuntimeException(Status.RESOURCE_EXHAUSTED.withDescription("model overloaded"));
    Map<RuntimeException, String> errors =
        Map.of(
            new IllegalStateException("no more"), "{\"code\":\"UNKNOWN\",\"message\":\"no more\"}",
            busy, "{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":\"model overloaded\"}");
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      for (var each : errors.entrySet()) {
        RuntimeException thrown = each.getKey();
        String topic = "stream." + thrown.getClass().getSimpleName();
        Iterable<String> items =
            Stream.of("half", "other half")
                    .peek(
                        item -> {
                          if (item.equals("other half")) {
                            throw thrown;
                          }
                        })
                ::iterator;
        assertSame(thrown, assertThrows(RuntimeException.class, () -> publisher.streamText(topic, items)));
        assertEquals(List.of("half", each.getValue(), "[DONE]"), bridge.data(topic));
      }
    }
  }

  @Test
  void aStreamThatIsInterruptedFails() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      Iterable<String> items =
          Stream.generate(
                  () -> {
                    Thread.currentThread().interrupt();
                    return "never";
                  })
              ::iterator;
      assertThrows(InterruptedException.class, () -> publisher.streamText("stream.interrupted", items));
    }
    assertEquals(
        List.of("{\"code\":\"CANCELLED\",\"message\":\"InterruptedException\"}", "[DONE]"),
        bridge.data("stream.interrupted"));
  }

  @Test
  void aReaderStopsAStreamWhichCompletes() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    Thread reader =
        new Thread(
            () -> {
              try {
                begun.await();
                bridge.stop("stream.stopped", "seen enough");
              } catch (Exception failed) {
                throw new AssertionError(failed);
              }
            });
    reader.start();
    try (Publisher publisher = Publisher.builder(bridge.grpc()).bufferEvents(10).build()) {
      Iterable<String> endless = Stream.generate(() -> "more").peek(item -> begun.countDown())::iterator;
      Streamed streamed = publisher.streamText("stream.stopped", endless);
      assertEquals("seen enough", streamed.stop().orElseThrow().getReason());
      List<String> data = bridge.data("stream.stopped");
      assertEquals(streamed.events() + 1, data.size());
      assertEquals("[DONE]", data.get(data.size() - 1));
    }
    reader.join();
  }

  @Test
  void aStreamMayIgnoreAStop() throws Exception {
    CountDownLatch stopped = new CountDownLatch(1);
    try (Publisher publisher =
        Publisher.builder(bridge.grpc()).onStop((topic, reason) -> stopped.countDown()).build()) {
      Iterable<String> items =
          Stream.of("one", "two")
              .peek(
                  item -> {
                    try {
                      if (item.equals("two")) {
                        bridge.stop("stream.stubborn", "enough");
                        stopped.await();
                      }
                    } catch (Exception failed) {
                      throw new AssertionError(failed);
                    }
                  })
              ::iterator;
      Streamed streamed = publisher.streamText("stream.stubborn", items, OnStop.IGNORE);
      assertEquals(new Streamed(2, Optional.empty()), streamed);
    }
  }
}
