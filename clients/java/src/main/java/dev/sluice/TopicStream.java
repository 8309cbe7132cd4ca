package dev.sluice;

import dev.sluice.v1.Event;
import dev.sluice.v1.Stop;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** A topic from its first event to its end. */
final class TopicStream {
  private final Publisher publisher;
  private final String topic;
  private final OnStop onStop;

  TopicStream(Publisher publisher, String topic, OnStop onStop) {
    this.publisher = publisher;
    this.topic = topic;
    this.onStop = onStop;
  }

  <T> Streamed run(Iterable<T> items, Function<T, Event> toEvent) throws InterruptedException {
    long events = 0;
    tell(session -> session.beginStream(topic));
    try {
      try {
        publisher.announce(topic); // so that a reader may ask to stop while the first item is made
        for (Iterator<T> rest = items.iterator(); stop().isEmpty() && rest.hasNext(); events++) {
          publisher.publish(topic, toEvent.apply(rest.next()));
        }
        publisher.end(topic);
      } catch (Throwable error) {
        fail(error);
        throw error;
      }
      publisher.flush();
      return new Streamed(events, stop());
    } finally {
      tell(session -> session.endStream(topic));
    }
  }

  private Optional<Stop> stop() {
    return onStop == OnStop.IGNORE ? Optional.empty() : publisher.guard.get(() -> publisher.session.stopOf(topic));
  }

  /** Readers are told of {@code error}; what keeps them from it, the publisher's next call will say. */
  private void fail(Throwable error) {
    try {
      publisher.failNow(topic, error);
      if (error instanceof Exception && !(error instanceof InterruptedException)) {
        publisher.flush();
      }
    } catch (SluiceException publishers) {
      error.addSuppressed(publishers);
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(Consumer<Session> action) {
    publisher.guard.run(() -> action.accept(publisher.session));
  }
}
