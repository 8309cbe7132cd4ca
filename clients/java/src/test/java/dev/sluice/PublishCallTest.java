package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.sluice.v1.Event;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PublishCallTest {
  @RegisterExtension static final Bridge bridge = Bridge.large();
  private ManagedChannel channel;

  @BeforeEach
  void open() {
    channel = Grpc.newChannelBuilder(bridge.grpc(), InsecureChannelCredentials.create()).build();
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
  }

  private static Iterable<Event> texts(Stream<String> texts) {
    return texts.map(Events::text)::iterator;
  }

  @Test
  void publishesItemsAsTheyComeAndCollectionsInLargeRequests() throws Exception {
    var call = new PublishCall(channel).thenEnd();
    List<String> numbers = Support.numbers(0, 3000);
    var response = call.publish("once.items", texts(numbers.stream()));
    assertEquals(List.of(3000L, 0L), List.of(response.getAccepted(), response.getDuplicates()));
    assertEquals(3000, call.publish("once.list", numbers.stream().map(Events::text).toList()).getAccepted());
    assertEquals(Support.numbersAndDone(3000), bridge.data("once.items"));
    assertEquals(Support.numbersAndDone(3000), bridge.data("once.list"));
  }

  @Test
  void endsATopicWithoutEventsAsFailed() throws Exception {
    new PublishCall(channel).thenFail(Status.Code.DEADLINE_EXCEEDED, "late").publish("once.failed", List.of());
    assertEquals("{\"code\":\"DEADLINE_EXCEEDED\",\"message\":\"late\"}", bridge.data("once.failed").get(0));
  }

  @Test
  void hasTypedErrors() {
    InvalidEventException error =
        assertThrows(
            InvalidEventException.class,
            () -> new PublishCall(channel).publish("once.bad", texts(Stream.of("a", "b", "[DONE]"))));
    assertEquals(2, error.accepted());
    assertEquals("requests[3].events[0].text", error.violations().get(0).field());
  }

  @Test
  void whatTheItemsThrowComesThrough() {
    RuntimeException mine = new IllegalStateException("mine");
    Stream<String> items =
        Stream.of("x")
            .peek(
                item -> {
                  throw mine;
                });
    PublishCall call = new PublishCall(channel);
    assertSame(mine, assertThrows(RuntimeException.class, () -> call.publish("once.throws", texts(items))));
  }

  @Test
  void hasADeadlineAndHeedsAnInterrupt() {
    CountDownLatch never = new CountDownLatch(1);
    Iterable<Event> silent =
        texts(
            Stream.of("x", "y")
                .peek(
                    item -> {
                      try {
                        never.await(item.equals("y") ? 700 : 0, TimeUnit.MILLISECONDS);
                      } catch (InterruptedException interrupted) {
                        throw new AssertionError(interrupted);
                      }
                    }));
    PublishException late =
        assertThrows(
            PublishException.class,
            () -> new PublishCall(channel).timeout(Duration.ofMillis(300)).publish("once.late", silent));
    assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code());
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> new PublishCall(channel).publish("once.interrupted", List.of()));
  }
}
