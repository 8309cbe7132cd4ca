package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.v1.Event;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

class ErrorsTest {
  @RegisterExtension static final Bridge bridge = Bridge.large();

  @Test
  void anEventThatBreaksARuleIsNamedWithItsField() throws Exception {
    Publisher publisher = Publisher.connect(bridge.grpc());
    publisher.publish("bad", "fine");
    publisher.flush();
    Event bad = Event.newBuilder().setId("x").setType("a\nb").build();
    publisher.publish("bad", bad);
    InvalidEventException error = assertThrows(InvalidEventException.class, publisher::flush);
    assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
    assertEquals(List.of(1L, 0L, 1L), List.of(error.accepted(), error.duplicates(), error.unacknowledged()));
    assertEquals(1, error.violations().size());
    Violation violation = error.violations().get(0);
    assertTrue(violation.field().matches("requests\\[\\d+]\\.events\\[\\d+]\\.type"), violation.field());
    assertFalse(violation.description().isEmpty());
    assertEquals("bad", violation.topic());
    assertEquals(bad, violation.event().orElseThrow());
  }

  @Test
  void anErrorSaysHowMuchWasAcceptedBeforeItHoweverMuchIsOnItsWay() throws Exception {
    for (int turn = 0; turn < 5; turn++) {
      String topic = "way." + turn;
      Publisher publisher = Publisher.connect(bridge.grpc());
      InvalidEventException error =
          assertThrows(
              InvalidEventException.class,
              () -> {
                for (int n = 0; n < 3000; n++) {
                  publisher.publish(topic, n == 1000 ? "[DONE]" : String.valueOf(n));
                }
                publisher.finish();
              });
      assertTrue(error.accepted() <= 1000 && error.accepted() > 1000 - Outbox.BATCH_EVENTS, error.accepted() + "");
      try (Publisher other = Publisher.connect(bridge.grpc())) {
        other.end(topic);
      }
      assertEquals(Support.numbersAndDone((int) error.accepted()), bridge.data(topic));
    }
  }

  @Test
  void aFinalErrorIsThrownByEverythingThatFollows() throws Exception {
    Publisher publisher = Publisher.connect(bridge.grpc());
    publisher.publish("no spaces", "x");
    List<Executable> calls =
        List.of(
            publisher::flush,
            () -> publisher.publish("fine", "x"),
            () -> publisher.end("fine"),
            () -> publisher.fail("fine", Status.Code.CANCELLED, ""),
            () -> publisher.announce("fine"),
            () -> publisher.streamText("fine", List.of("x")),
            publisher::finish,
            publisher::close);
    for (Executable call : calls) {
      assertThrows(InvalidEventException.class, call);
    }
  }

  @Test
  void leavingTheBlockThrowsWhatNobodyWaitedFor() {
    assertThrows(
        InvalidEventException.class,
        () -> {
          try (Publisher publisher = Publisher.connect(bridge.grpc())) {
            publisher.publish("sluice.own", "x");
          }
        });
  }

  @Test
  void anErrorOfTheBlockIsNotHiddenAndWhatWasPublishedIsStored() throws Exception {
    assertThrows(
        ArithmeticException.class,
        () -> {
          try (Publisher publisher = Publisher.connect(bridge.grpc())) {
            publisher.publish("block", "x");
            publisher.end("block");
            throw new ArithmeticException();
          }
        });
    assertEquals(List.of("x", "[DONE]"), bridge.data("block"));
    InvalidEventException error =
        assertThrows(
            InvalidEventException.class,
            () -> {
              try (Publisher publisher = Publisher.connect(bridge.grpc())) {
                publisher.publish("sluice.own", "x");
                publisher.flush();
              }
            });
    assertEquals(1, error.getSuppressed().length);
  }

  @Test
  void publishThatWaitsForRoomIsTold() {
    Publisher publisher = Publisher.builder(bridge.grpc()).bufferEvents(2).build();
    assertThrows(
        InvalidEventException.class,
        () -> {
          for (int n = 0; n < 100; n++) {
            publisher.publish("room", "[DONE]");
          }
        });
  }

  @Test
  void aTopicThatHasEndedTakesNothingNew() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      publisher.end("ended");
    }
    Publisher publisher = Publisher.connect(bridge.grpc());
    publisher.publish("ended", "late");
    assertEquals(1, assertThrows(TopicEndedException.class, publisher::close).unacknowledged());
  }

  @Test
  void anEventThatIsTooLargeNamesTheLimit() throws Exception {
    Publisher publisher = Publisher.connect(bridge.grpc());
    publisher.publish("large", "x".repeat(2 << 20));
    LimitExceededException error = assertThrows(LimitExceededException.class, publisher::close);
    assertTrue(error.description().contains("max_event_bytes"), error.description());
  }

  @Test
  void aClosedPublisherTakesNothing() throws Exception {
    Publisher publisher = Publisher.connect(bridge.grpc());
    publisher.publish("closed", "x");
    publisher.close();
    assertThrows(PublisherClosedException.class, () -> publisher.publish("closed", "y"));
  }

  @Test
  void aCancelledPublisherClosesWithWhatWasStored() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      publisher.publish("cancelled", "x");
      publisher.flush();
      publisher.cancel();
      assertThrows(PublisherClosedException.class, () -> publisher.publish("cancelled", "y"));
      assertEquals(1, publisher.finish().accepted());
    }
  }

  @Test
  void boundsHaveBounds() {
    var builder = Publisher.builder("localhost:1");
    assertThrows(IllegalArgumentException.class, () -> builder.bufferEvents(0));
    assertThrows(IllegalArgumentException.class, () -> builder.bufferBytes(0));
    assertThrows(IllegalArgumentException.class, () -> builder.giveUpAfter(Duration.ZERO));
  }
}
