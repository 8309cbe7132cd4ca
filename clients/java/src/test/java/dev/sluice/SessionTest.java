package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.v1.Ack;
import dev.sluice.v1.OnAbort;
import dev.sluice.v1.PublishWithFeedbackResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SessionTest {
  private long now;
  private final Session session =
      new Session(
          new Outbox(10, 1000, OnAbort.ON_ABORT_UNSPECIFIED), Duration.ofSeconds(60), Session.LAST_DELAY, () -> now);

  private void add(String text) {
    session.add(new Entry("a", session.withId(Events.text(text)), null));
  }

  private void acknowledge(int requests) {
    Ack ack = Ack.newBuilder().setRequests(requests).setAccepted(requests).build();
    session.receive(PublishWithFeedbackResponse.newBuilder().setAck(ack).build());
  }

  private void pass(long seconds) {
    now += Duration.ofSeconds(seconds).toNanos();
  }

  @Test
  void patienceIsMeasuredFromTheLastAcknowledgement() {
    pass(1000);
    session.check();
    add("1");
    session.outbox.nextRequest();
    add("2");
    pass(59);
    acknowledge(1);
    pass(59);
    session.check();
    session.callEnded(Status.UNAVAILABLE.withDescription("nobody there"), new Metadata());
    pass(1);
    GaveUpException error = assertThrows(GaveUpException.class, session::check);
    assertEquals(
        "UNAVAILABLE: gave up after 60.0 s without an acknowledgement, 1 events are not acknowledged; "
            + "last: UNAVAILABLE: nobody there",
        error.getMessage());
    assertEquals(1, error.unacknowledged());
    assertNotSame(error, assertThrows(GaveUpException.class, session::check), "or a try block could not suppress it");
  }

  @ParameterizedTest
  @EnumSource(Status.Code.class)
  void statusesOfBrokenConnectionsAreTriedAgainAndAllOthersAreFinal(Status.Code code) {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("sluice-accepted", Metadata.ASCII_STRING_MARSHALLER), "7");
    session.callEnded(code.toStatus().withDescription("why"), trailers);
    var broken =
        EnumSet.of(
            Status.Code.OK,
            Status.Code.CANCELLED,
            Status.Code.UNKNOWN,
            Status.Code.INTERNAL,
            Status.Code.UNAVAILABLE);
    assertEquals(!broken.contains(code), session.failed());
    if (session.failed()) {
      PublishException error = assertThrows(PublishException.class, session::check);
      assertEquals(code + ": why", error.getMessage());
      assertEquals(7, error.accepted());
    }
  }

  @Test
  void delaysGrowToFiveSecondsAndAnAcknowledgementStartsOver() {
    for (int n = 0; n < 2000; n++) {
      session.callEnded(Status.UNAVAILABLE, null);
      Duration delay = Duration.ofNanos(session.delay());
      long most = Math.min(5000, 100L << Math.min(n, 10));
      assertTrue(delay.toMillis() <= most && delay.toMillis() >= most / 2 - 1, n + ": " + delay);
    }
    add("1");
    session.outbox.nextRequest();
    acknowledge(1);
    session.callEnded(Status.UNAVAILABLE, null);
    assertTrue(session.delay() <= Duration.ofMillis(100).toNanos());
  }

  @Test
  void idsAreThePublishersAndNotOfACursorsShape() {
    String id = session.withId(Events.text("x")).getId();
    assertTrue(id.matches("[0-9a-f]{16}\\.1"), id);
    assertEquals(id.replaceAll("1$", "2"), session.withId(Events.text("y")).getId());
    assertEquals("mine", session.withId(Events.text("y").toBuilder().setId("mine").build()).getId());
  }

  @Test
  void aClosingSessionIsFinishedWhenAllIsAcknowledged() {
    add("1");
    session.outbox.nextRequest();
    session.close();
    assertFalse(session.finished());
    assertThrows(PublisherClosedException.class, session::checkOpen);
    acknowledge(1);
    assertTrue(session.finished());
    assertFalse(session.failed());
  }

  @Test
  void detailsThatCannotBeReadAreNoObstacle() {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[] {8, 5});
    trailers.put(Metadata.Key.of("sluice-accepted", Metadata.ASCII_STRING_MARSHALLER), "many");
    session.callEnded(Status.INVALID_ARGUMENT, trailers);
    assertEquals(0, assertThrows(InvalidEventException.class, session::check).violations().size());
  }
}
