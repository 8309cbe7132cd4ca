package dev.sluice;

import dev.sluice.v1.Event;
import dev.sluice.v1.PublishWithFeedbackResponse;
import dev.sluice.v1.Stop;
import io.grpc.Metadata;
import io.grpc.Status;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a publisher is apart from threads: ids, the buffer, which statuses are final, when to give up.
 *
 * <p>For one thread at a time.
 */
final class Session {
  static final Duration FIRST_DELAY = Duration.ofMillis(100);
  static final Duration LAST_DELAY = Duration.ofSeconds(5);

  // How a connection that breaks looks, on the way or at the bridge. OK is one of them before all was acknowledged.
  private static final Set<Status.Code> BROKEN =
      EnumSet.of(
          Status.Code.OK,
          Status.Code.CANCELLED,
          Status.Code.INTERNAL,
          Status.Code.UNAVAILABLE,
          Status.Code.UNKNOWN);
  private static final Pattern PLACE = Pattern.compile("requests\\[(\\d+)](?:\\.events\\[(\\d+)])?.*");

  final Outbox outbox;
  private final Duration giveUpAfter;
  private final long lastDelay;
  private final LongSupplier nanoTime;
  private final Map<String, Optional<Stop>> streaming = new HashMap<>(); // topics of stream(), and who asked to stop
  private final String name = "%016x".formatted(new SecureRandom().nextLong());
  private long number; // of the last event that got an id
  private Supplier<SluiceException> error;
  private boolean closing;
  private long since; // the last acknowledgement, or the first entry after all was acknowledged
  private String trouble = "no answer";
  private int failures;

  /** {@code nanoTime} is System.nanoTime, but in tests. */
  Session(Outbox outbox, Duration giveUpAfter, Duration lastDelay, LongSupplier nanoTime) {
    this.outbox = outbox;
    this.giveUpAfter = giveUpAfter;
    this.lastDelay = lastDelay.toNanos();
    this.nanoTime = nanoTime;
  }

  Event withId(Event event) {
    return event.getId().isEmpty() ? event.toBuilder().setId(name + "." + ++number).build() : event;
  }

  /** Whether nothing can be published any more. */
  boolean failed() {
    if (error == null && patience() <= 0) {
      String description =
          "gave up after %s s without an acknowledgement, %d events are not acknowledged; last: %s"
              .formatted(giveUpAfter.toMillis() / 1000.0, outbox.unacknowledged(), trouble);
      Failure failure = failure(Status.Code.UNAVAILABLE, description, List.of());
      error = () -> new GaveUpException(failure);
    }
    return error != null;
  }

  /** Throws if nothing can be published any more. */
  void check() {
    if (failed()) {
      throw error.get();
    }
  }

  void checkOpen() {
    check();
    if (closing) {
      throw new PublisherClosedException("the publisher is closed");
    }
  }

  /** For how many nanoseconds to wait for an acknowledgement. */
  long patience() {
    long whole = giveUpAfter.toNanos();
    return outbox.unacknowledged() == 0 ? whole : whole - (nanoTime.getAsLong() - since);
  }

  void add(Entry entry) {
    if (outbox.unacknowledged() == 0) {
      since = nanoTime.getAsLong();
    }
    outbox.add(entry);
  }

  /** No more entries. */
  void close() {
    closing = true;
  }

  void cancel() {
    closing = true;
    if (error == null) {
      String message =
          "the publisher was cancelled, %d events are not acknowledged".formatted(outbox.unacknowledged());
      error = () -> new PublisherClosedException(message);
    }
  }

  /** Whether no call is needed any more. */
  boolean finished() {
    return failed() || (closing && outbox.unacknowledged() == 0);
  }

  void receive(PublishWithFeedbackResponse response) {
    if (response.hasAck()) {
      long before = outbox.settled();
      outbox.acknowledge(response.getAck());
      if (outbox.settled() > before) {
        since = nanoTime.getAsLong();
        failures = 0;
      }
    } else if (response.hasStop()) {
      Stop stop = response.getStop();
      streaming.computeIfPresent(stop.getTopic(), (topic, none) -> Optional.of(stop));
    }
  }

  /** A final status becomes the error; after another one, there may be another call. */
  void callEnded(Status status, Metadata trailers) {
    String description = Failure.describe(status);
    trouble = status.getCode() + (description.isEmpty() ? "" : ": " + description);
    failures++;
    if (BROKEN.contains(status.getCode()) || error != null) {
      return;
    }
    outbox.stored(Failure.acceptedIn(trailers));
    List<Violation> violations =
        Failure.violationsIn(status, trailers).stream().map(this::located).toList();
    Failure failure = failure(status.getCode(), description, violations);
    error = failure::exception;
  }

  /** How many calls in a row acknowledged nothing. */
  int failures() {
    return failures;
  }

  /** How long to wait before the next call, in nanoseconds: longer each time that none was acknowledged. */
  long delay() {
    double delay = Math.min(lastDelay, FIRST_DELAY.toNanos() * Math.pow(2, Math.min(failures - 1, 10)));
    return (long) (delay * ThreadLocalRandom.current().nextDouble(0.5, 1));
  }

  void beginStream(String topic) {
    streaming.put(topic, Optional.empty());
  }

  Optional<Stop> stopOf(String topic) {
    return streaming.getOrDefault(topic, Optional.empty());
  }

  void endStream(String topic) {
    streaming.remove(topic);
  }

  private Failure failure(Status.Code code, String description, List<Violation> violations) {
    Totals totals = outbox.totals();
    return new Failure(
        code, description, totals.accepted(), totals.duplicates(), outbox.unacknowledged(), violations);
  }

  private Violation located(Violation violation) {
    Matcher place = PLACE.matcher(violation.field());
    if (!place.matches()) {
      return violation;
    }
    int event = place.group(2) == null ? -1 : Integer.parseInt(place.group(2));
    Outbox.Found found = outbox.find(Integer.parseInt(place.group(1)), event);
    if (found == null) {
      return violation;
    }
    return new Violation(
        violation.field(),
        violation.description(),
        found.topic(),
        Optional.ofNullable(found.entry()).map(Entry::event));
  }
}
