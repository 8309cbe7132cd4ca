package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.v1.OnAbort;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections that are cut, silent or slow, and a bridge that is killed: nothing is lost, nothing is there twice. */
class BrokenConnectionsTest {
  private static final long SEED =
      Optional.ofNullable(System.getenv("SLUICE_SEED"))
          .map(Long::valueOf)
          .orElseGet(() -> (long) new Random().nextInt());

  @RegisterExtension static final Bridge bridge = Bridge.large();

  private static Publisher.Builder builder(String target) {
    return Publisher.builder(target).longestDelay(Duration.ofMillis(100));
  }

  private static Thread start(Interruptible work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (InterruptedException never) {
                throw new AssertionError(never);
              }
            });
    thread.start();
    return thread;
  }

  private interface Interruptible {
    void run() throws InterruptedException;
  }

  @Test
  void whatWasStoredButNotAcknowledgedIsADuplicate() throws Exception {
    try (Proxy proxy = new Proxy(bridge.grpc());
        Publisher publisher = builder(proxy.target()).build()) {
      publisher.publish("unheard", "0");
      publisher.flush();
      proxy.mute = true;
      for (String number : Support.numbers(1, 100)) {
        publisher.publish("unheard", number);
      }
      Reader reader = new Reader(bridge, "/v1/topics/unheard/events");
      Support.until("all is stored", () -> reader.received.size() == 100);
      assertEquals(99, publisher.unacknowledged());
      proxy.mute = false;
      proxy.cut();
      publisher.end("unheard");
      Totals totals = publisher.finish();
      assertEquals(List.of(1L, 99L), List.of(totals.accepted(), totals.duplicates()));
      assertEquals(Support.numbersAndDone(100), Received.data(reader.all()));
    }
  }

  @Test
  void connectionsThatAreCutAnywhereLoseAndDoubleNothing() throws Exception {
    System.out.println("SLUICE_SEED=" + SEED);
    Random dice = new Random(SEED);
    int count = 3000;
    try (Proxy proxy = new Proxy(bridge.grpc())) {
      // Enough for HTTP/2 to begin, and then anywhere; the last connections live.
      proxy.cutAfter = () -> proxy.connections < 40 ? 500 + dice.nextInt(40_000) : Long.MAX_VALUE;
      try (Publisher publisher = builder(proxy.target()).bufferEvents(200).build()) {
        Random sizes = new Random(SEED);
        for (int n = 0; n < count; n++) {
          publisher.publish("cut", n + " " + "x".repeat(sizes.nextInt(300)));
        }
        publisher.end("cut");
        Totals totals = publisher.finish();
        assertEquals(count, totals.accepted() + totals.duplicates());
      }
      assertTrue(proxy.connections > 5, proxy.connections + " connections");
    }
    List<String> numbers = bridge.data("cut").stream().map(data -> data.split(" ")[0]).toList();
    assertEquals(Support.numbersAndDone(count), numbers);
  }

  @Test
  void aServerThatTakesNothingKeepsTheBufferBoundedAndThenGetsAll() throws Exception {
    try (Proxy proxy = new Proxy(bridge.grpc());
        Publisher publisher = builder(proxy.target()).bufferEvents(50).build()) {
      publisher.publish("slow", "x");
      publisher.flush();
      proxy.deaf = true;
      int[] sent = {1};
      assertThrows(
          TimeoutException.class,
          () -> {
            for (; ; sent[0]++) {
              publisher.publish("slow", Events.text("x".repeat(5000)), Duration.ofMillis(300));
            }
          });
      assertTrue(publisher.unacknowledged() <= 50);
      proxy.deaf = false;
      Totals totals = publisher.finish();
      assertEquals(List.of((long) sent[0], 0L), List.of(totals.accepted(), totals.duplicates()));
    }
  }

  @Test
  void flowControlOfASlowBridgeHoldsAFastProducerToItsBytes() throws Exception {
    long bound = 256 * 1024;
    try (Proxy proxy = new Proxy(bridge.grpc());
        Publisher publisher = builder(proxy.target()).bufferBytes(bound).build()) {
      proxy.deaf = true;
      Thread worker = start(() -> publisher.streamText("bytes", Collections.nCopies(200, "x".repeat(10_000))));
      long full = bound - 11_000;
      Support.until("the buffer is full", () -> publisher.guard.get(publisher.session.outbox::bytes) > full);
      assertTrue(publisher.guard.get(publisher.session.outbox::bytes) <= bound);
      assertTrue(worker.isAlive());
      proxy.deaf = false;
      worker.join();
      assertEquals(200, publisher.finish().accepted());
    }
  }

  @Test
  void itGivesUpOnABridgeThatIsNotThere() throws Exception {
    Publisher publisher = Publisher.builder("127.0.0.1:9").giveUpAfter(Duration.ofSeconds(2)).build();
    publisher.publish("nobody", "x");
    GaveUpException error = assertThrows(GaveUpException.class, publisher::close);
    assertTrue(error.getMessage().contains("1 events are not acknowledged; last: UNAVAILABLE"), error.getMessage());
  }

  @Test
  void aPublisherWaitsForABridgeThatIsNotThereYet() throws Exception {
    try (Bridge late = new Bridge().start()) {
      late.kill();
      Publisher publisher = builder(late.grpc()).build();
      publisher.publish("early", "x");
      publisher.end("early");
      Support.until("some attempts", () -> publisher.guard.get(publisher.session::failures) >= 2);
      late.start();
      assertEquals(1, publisher.finish().accepted());
      assertEquals(List.of("x", "[DONE]"), late.data("early"));
    }
  }

  @Test
  void aTopicThatRestsWhileTheConnectionBreaksIsStillItsProducers() throws Exception {
    List<String> told = new CopyOnWriteArrayList<>();
    try (Proxy proxy = new Proxy(bridge.grpc());
        Publisher publisher =
            builder(proxy.target())
                .onAbort(OnAbort.ON_ABORT_FAIL)
                .onStop((topic, reason) -> told.add(reason))
                .build()) {
      publisher.publish("rests", "x");
      publisher.flush();
      proxy.cut();
      Support.until("a new connection", () -> proxy.connections >= 2);
      bridge.stop("rests", "enough");
      Support.until("the stop", () -> told.equals(List.of("enough")));
      publisher.end("rests");
      publisher.flush();
    }
    assertEquals(List.of("x", "[DONE]"), bridge.data("rests"));
  }

  @Test
  void aTopicThatWasEndedElsewhereMeanwhileIsNoErrorUntilItIsUsed() throws Exception {
    try (Proxy proxy = new Proxy(bridge.grpc());
        Publisher publisher = builder(proxy.target()).build()) {
      publisher.publish("elsewhere", "x");
      publisher.flush();
      assertEquals(200, bridge.request("POST", "/v1/topics/elsewhere/end", "").statusCode());
      proxy.cut();
      publisher.publish("another", "y");
      assertEquals(2, publisher.finish().accepted());
    }
  }

  @ParameterizedTest
  @CsvSource({"/v1/events?topic=killed, epoch_changed", "/v1/topics/killed/events, unknown_id"})
  void afterABridgeWasKilledReadersAreToldTheGapAndGetAllThatFollows(String path, String reason) throws Exception {
    int count = 2000;
    try (Bridge mortal = Bridge.large().start();
        Publisher publisher = builder(mortal.grpc()).bufferEvents(100).build()) {
      Reader reader = new Reader(mortal, path);
      Support.until("the reader", () -> reader.joined > 0);
      CountDownLatch killed = new CountDownLatch(1);
      Thread worker =
          start(
              () -> {
                for (int n = 0; n < count; n++) {
                  if (n == count / 2) {
                    killed.await(); // or all would be there before
                  }
                  publisher.publish("killed", String.valueOf(n));
                }
                publisher.end("killed");
              });
      Support.until("half of the first half", () -> reader.received.size() > count / 4);
      mortal.kill();
      killed.countDown();
      Support.until("the call is broken", () -> publisher.guard.get(publisher.session::failures) > 0);
      int acknowledged = (int) (long) publisher.guard.get(publisher.session.outbox::settled);
      mortal.start();
      worker.join();
      Totals totals = publisher.finish();
      assertEquals(count, totals.accepted() + totals.duplicates());

      List<Received> received = reader.all();
      int gap = received.stream().map(Received::type).toList().indexOf("sluice.gap");
      assertFalse(gap < 0, "there is a gap");
      assertTrue(received.get(gap).data().contains("\"reason\":\"" + reason + "\""), received.get(gap).data());
      assertEquals(Support.numbers(0, gap), Received.data(received.subList(0, gap)));
      List<String> behind =
          received.stream()
              .skip(gap + 1)
              .filter(event -> !event.type().equals("sluice.ended"))
              .map(Received::data)
              .toList();
      assertEquals(Support.numbersAndDone(count).subList(acknowledged, count + 1), behind);
    }
  }
}
