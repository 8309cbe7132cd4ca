package dev.sluice;

import dev.sluice.v1.Ack;
import dev.sluice.v1.OnAbort;
import dev.sluice.v1.PublishWithFeedbackRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * A buffer with bounds: entries wait, are sent in requests of a call, and leave when their request is acknowledged.
 *
 * <p>Does no input or output, knows no clock, and is for one thread at a time.
 */
final class Outbox {
  static final int BATCH_EVENTS = 64;
  static final int BATCH_BYTES = 256 * 1024;
  private static final int MAX_NAMED = 10_000;

  private final int maxEvents;
  private final long maxBytes;
  private final OnAbort onAbort;
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private final Deque<List<Entry>> sent = new ArrayDeque<>(); // of each request of the call without an acknowledgement
  private final LinkedHashSet<String> named = new LinkedHashSet<>(); // topics that have not ended, the last ones used
  private final Deque<String> toName = new ArrayDeque<>();
  private long bytes;
  private long acknowledged; // requests of the call
  private String topic = ""; // of the call's last request
  private Totals before = Totals.NONE; // what calls before this one stored
  private Totals totals = Totals.NONE;
  private long added; // entries, ever
  private long settled; // those of them that are acknowledged

  Outbox(int maxEvents, long maxBytes, OnAbort onAbort) {
    this.maxEvents = maxEvents;
    this.maxBytes = maxBytes;
    this.onAbort = onAbort;
  }

  /** A place in an earlier request: what was published there. */
  record Found(String topic, Entry entry) {}

  long bytes() {
    return bytes;
  }

  long added() {
    return added;
  }

  long settled() {
    return settled;
  }

  long unacknowledged() {
    return added - settled;
  }

  Totals totals() {
    return totals;
  }

  boolean hasRequests() {
    return !waiting.isEmpty() || !toName.isEmpty();
  }

  /** Whether a call must be open: something is to be sent, or the bridge must know who produces a topic. */
  boolean needsCall() {
    return unacknowledged() > 0 || !named.isEmpty();
  }

  /** What is larger than the bound goes in when nothing else is there. */
  boolean hasRoom(int size) {
    return unacknowledged() == 0 || (unacknowledged() < maxEvents && bytes + size <= maxBytes);
  }

  void add(Entry entry) {
    waiting.add(entry);
    bytes += entry.size();
    added++;
  }

  /** A new call: what the last one did not acknowledge goes first, in the old order. */
  void restart() {
    for (Iterator<List<Entry>> requests = sent.descendingIterator(); requests.hasNext(); ) {
      List<Entry> request = requests.next();
      for (int i = request.size() - 1; i >= 0; i--) {
        waiting.addFirst(request.get(i));
      }
    }
    sent.clear();
    acknowledged = 0;
    topic = "";
    before = totals;
    // The bridge takes this call for their producer then, or they would fail under ON_ABORT_FAIL.
    toName.clear();
    toName.addAll(named);
  }

  /** What waits first, as many entries as one request may have; something must wait. */
  PublishWithFeedbackRequest nextRequest() {
    List<Entry> entries = toName.isEmpty() ? takeBatch(waiting) : List.of();
    String next = toName.isEmpty() ? entries.get(0).topic() : toName.remove();
    var request = PublishWithFeedbackRequest.newBuilder().setOnAbort(onAbort);
    if (!next.equals(topic)) {
      request.setTopic(next);
    }
    for (Entry entry : entries) {
      if (entry.event() != null) {
        request.addEvents(entry.event());
      } else if (entry.end() != null) {
        request.setEnd(entry.end());
      }
    }
    topic = next;
    sent.add(entries);
    remember(next, request.hasEnd());
    return request.build();
  }

  void acknowledge(Ack ack) {
    for (; acknowledged < ack.getRequests(); acknowledged++) {
      for (Entry entry : sent.remove()) {
        bytes -= entry.size();
        settled++;
      }
    }
    totals =
        new Totals(
            before.accepted() + ack.getAccepted(),
            before.duplicates() + ack.getDuplicates(),
            ack.getLastCursor().isEmpty() ? before.lastCursor() : ack.getLastCursor());
  }

  /** The call that was refused stored so many events, whatever of them was acknowledged. */
  void stored(long events) {
    long accepted = Math.max(totals.accepted(), before.accepted() + events);
    totals = new Totals(accepted, totals.duplicates(), totals.lastCursor());
  }

  /** What is at such a place of the call, as errors name it; null if it is acknowledged. {@code event} may be -1. */
  Found find(int request, int event) {
    long index = request - acknowledged;
    for (List<Entry> entries : sent) {
      if (index-- != 0) {
        continue;
      }
      List<Entry> events = entries.stream().filter(entry -> entry.event() != null).toList();
      Entry found = event >= 0 && event < events.size() ? events.get(event) : null;
      return entries.isEmpty() ? null : new Found(entries.get(0).topic(), found);
    }
    return null;
  }

  /** Takes from {@code waiting}, which is not empty, what a request may have: events of a topic, perhaps its end. */
  static List<Entry> takeBatch(Deque<Entry> waiting) {
    List<Entry> entries = new ArrayList<>();
    String topic = waiting.element().topic();
    long size = 0;
    while (!waiting.isEmpty() && entries.size() < BATCH_EVENTS) {
      Entry next = waiting.element();
      size += next.size();
      if (!entries.isEmpty() && (!next.topic().equals(topic) || size > BATCH_BYTES)) {
        break;
      }
      entries.add(waiting.remove());
      if (next.end() != null) {
        break;
      }
    }
    return entries;
  }

  private void remember(String topic, boolean ended) {
    named.remove(topic);
    if (!ended) {
      named.add(topic);
    }
    if (named.size() > MAX_NAMED) {
      named.remove(named.iterator().next());
    }
  }
}
