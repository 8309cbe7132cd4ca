package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.v1.Ack;
import dev.sluice.v1.End;
import dev.sluice.v1.Event;
import dev.sluice.v1.OnAbort;
import dev.sluice.v1.PublishWithFeedbackRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OutboxTest {
  private Outbox box = box(1000, 1 << 20);

  private static Outbox box(int events, long bytes) {
    return new Outbox(events, bytes, OnAbort.ON_ABORT_FAIL);
  }

  private static Entry text(String topic, String text) {
    return new Entry(topic, Events.text(text), null);
  }

  private static Entry end(String topic) {
    return new Entry(topic, null, End.getDefaultInstance());
  }

  private List<PublishWithFeedbackRequest> requests() {
    List<PublishWithFeedbackRequest> all = new ArrayList<>();
    while (box.hasRequests()) {
      all.add(box.nextRequest());
    }
    return all;
  }

  /** {@code topic:text,text}, with a point for an end. */
  private List<String> shape() {
    return requests().stream()
        .map(
            request ->
                request.getTopic()
                    + request.getEventsList().stream().map(Event::getText).collect(Collectors.joining(",", ":", ""))
                    + (request.hasEnd() ? "." : ""))
        .toList();
  }

  private static Ack ack(long requests, long accepted, long duplicates, String cursor) {
    return Ack.newBuilder()
        .setRequests(requests)
        .setAccepted(accepted)
        .setDuplicates(duplicates)
        .setLastCursor(cursor)
        .build();
  }

  @Test
  void aRequestHasNeighboursOfOneTopicUpToItsEnd() {
    List.of(text("a", "1"), text("a", "2"), text("b", "3"), end("b"), text("b", "4"), text("a", "5")).forEach(box::add);
    assertEquals(List.of("a:1,2", "b:3.", ":4", "a:5"), shape());
    assertFalse(box.hasRequests());
  }

  @Test
  void aTopicCanBeNamedAlone() {
    box.add(new Entry("a", null, null));
    box.add(text("a", "1"));
    box.add(new Entry("b", null, null));
    assertEquals(List.of("a:1", "b:"), shape());
    box.acknowledge(ack(2, 1, 0, ""));
    assertEquals(0, box.unacknowledged());
  }

  @Test
  void aRequestHasAtMost64EventsAnd256KiB() {
    for (int n = 0; n < 150; n++) {
      box.add(text("a", String.valueOf(n)));
    }
    assertEquals(List.of(64, 64, 22), requests().stream().map(PublishWithFeedbackRequest::getEventsCount).toList());
    for (int size : new int[] {100_000, 100_000, 100_000, 300_000, 10}) {
      box.add(text("a", "x".repeat(size)));
    }
    assertEquals(List.of(2, 1, 1, 1), requests().stream().map(PublishWithFeedbackRequest::getEventsCount).toList());
  }

  @Test
  void acknowledgementsAreCumulativeAndMakeRoom() {
    box = box(3, 1000);
    for (int n = 0; n < 3; n++) {
      box.add(text("t" + n, String.valueOf(n)));
    }
    assertFalse(box.hasRoom(1));
    requests();
    box.acknowledge(ack(2, 1, 1, "c-2"));
    assertTrue(box.hasRoom(1));
    assertEquals(List.of(1L, 2L), List.of(box.unacknowledged(), box.settled()));
    box.acknowledge(ack(3, 2, 1, "c-3"));
    assertEquals(new Totals(2, 1, "c-3"), box.totals());
    assertEquals(List.of(0L, 0L), List.of(box.unacknowledged(), box.bytes()));
  }

  @Test
  void whatIsLargerThanTheBoundGoesInAlone() {
    box = box(10, 100);
    assertTrue(box.hasRoom(1000));
    box.add(text("a", "x".repeat(1000)));
    assertFalse(box.hasRoom(1));
  }

  @Test
  void aNewCallNamesTheTopicsAgainAndSendsTheRestInTheOldOrder() {
    List.of(text("a", "1"), text("b", "2"), end("b"), text("a", "3"), text("c", "4")).forEach(box::add);
    for (int n = 0; n < 3; n++) {
      assertEquals(OnAbort.ON_ABORT_FAIL, box.nextRequest().getOnAbort());
    }
    box.acknowledge(ack(1, 1, 0, ""));
    box.restart();
    assertEquals(List.of("a:", "b:2.", "a:3", "c:4"), shape());
    box.acknowledge(ack(4, 2, 1, ""));
    assertEquals(new Totals(3, 1, ""), box.totals());
    assertEquals(0, box.unacknowledged());
  }

  @Test
  void aPlaceInTheCallIsWhatWasPublishedThere() {
    box.add(text("a", "1"));
    box.add(text("b", "2"));
    box.add(text("b", "3"));
    requests();
    box.acknowledge(ack(1, 1, 0, ""));
    assertEquals("3", box.find(1, 1).entry().event().getText());
    assertEquals("b", box.find(1, -1).topic());
    assertNull(box.find(1, 7).entry());
    assertNull(box.find(0, 0));
    assertNull(box.find(2, 0));
  }
}
