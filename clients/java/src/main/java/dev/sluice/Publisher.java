package dev.sluice;

import dev.sluice.v1.End;
import dev.sluice.v1.Event;
import dev.sluice.v1.OnAbort;
import dev.sluice.v1.PublishWithFeedbackResponse;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;

/**
 * Publishes events so that each is stored once, whatever becomes of the connection.
 *
 * <p>Thread-safe. {@code publish} puts an event into a buffer, and waits only while that is full; a thread of the
 * publisher's sends what waits, keeps what is not acknowledged, and sends it again over a new call when one breaks.
 * What the bridge refuses is final: a {@link PublishException} is thrown by whatever waits and by every later call.
 * Leaving a try block closes the publisher, and means that all is stored.
 *
 * <p>What takes a Duration waits so long at most and then throws TimeoutException; an interrupt ends any waiting, too.
 * What still waited for room then is not published, and may be tried again.
 */
public final class Publisher implements AutoCloseable {
  private static final Duration HURRY = Duration.ofSeconds(1); // for acknowledgements, when interrupted

  private final Channel channel;
  private final boolean ownsChannel;
  private final Supplier<Metadata> metadata;
  private final ObjLongConsumer<String> onInterest;
  private final BiConsumer<String, String> onStop;

  final Guard guard = new Guard(); // of what follows
  final Session session;
  private Thread sender;

  private Publisher(Builder builder) {
    ownsChannel = builder.channel == null;
    channel = ownsChannel ? builder.open() : builder.channel;
    metadata = builder.metadata;
    onInterest = builder.onInterest;
    onStop = builder.onStop;
    Outbox outbox = new Outbox(builder.bufferEvents, builder.bufferBytes, builder.onAbort);
    session = new Session(outbox, builder.giveUpAfter, builder.longestDelay, System::nanoTime);
  }

  /** A publisher without TLS and with the defaults of {@link Builder}. Connects when there is something to publish. */
  public static Publisher connect(String target) {
    return builder(target).build();
  }

  /** {@code target} is {@code HOST:PORT} of the bridge's gRPC. */
  public static Builder builder(String target) {
    return new Builder(target, null);
  }

  /** Over a channel that stays the caller's. */
  public static Builder builder(Channel channel) {
    return new Builder(null, channel);
  }

  /** Publishes a text; see the other one. */
  public String publish(String topic, String text) throws InterruptedException {
    return publish(topic, Events.text(text));
  }

  /** Publishes an event after everything before it, and returns its id: one of ours if it has none. */
  public String publish(String topic, Event event) throws InterruptedException {
    return untimed(deadline -> publishBy(topic, event, deadline));
  }

  public String publish(String topic, Event event, Duration timeout) throws InterruptedException, TimeoutException {
    return publishBy(topic, event, new Deadline(timeout));
  }

  /** Completes a topic. Nothing can be published to it afterwards. */
  public void end(String topic) throws InterruptedException {
    put(new Entry(topic, null, End.getDefaultInstance()));
  }

  /** Ends a topic with an error that its readers are told; {@code code} is not OK. */
  public void fail(String topic, Status.Code code, String message) throws InterruptedException {
    put(new Entry(topic, null, Events.failure(code, message)));
  }

  /** Names a topic without publishing anything, so that its readers are heard of, and their wish to stop. */
  public void announce(String topic) throws InterruptedException {
    put(new Entry(topic, null, null));
  }

  /**
   * Publishes each item, completes the topic, and returns when all that is stored.
   *
   * <p>If {@code items} throw, the topic fails with that error, which is thrown on. If a reader asks to stop, the next
   * item is not asked for and the topic is completed.
   */
  public Streamed stream(String topic, Iterable<Event> items) throws InterruptedException {
    return stream(topic, items, OnStop.COMPLETE);
  }

  public Streamed stream(String topic, Iterable<Event> items, OnStop onStop) throws InterruptedException {
    return new TopicStream(this, topic, onStop).run(items, Function.identity());
  }

  /** As {@link #stream}, of texts: {@code streamText(topic, tokens::iterator)} if tokens are a Stream. */
  public Streamed streamText(String topic, Iterable<String> texts) throws InterruptedException {
    return streamText(topic, texts, OnStop.COMPLETE);
  }

  public Streamed streamText(String topic, Iterable<String> texts, OnStop onStop) throws InterruptedException {
    return new TopicStream(this, topic, onStop).run(texts, Events::text);
  }

  /** Waits until everything so far is stored. */
  public void flush() throws InterruptedException {
    untimed(this::flushBy);
  }

  public void flush(Duration timeout) throws InterruptedException, TimeoutException {
    flushBy(new Deadline(timeout));
  }

  /** Events and ends that are in the buffer. */
  public long unacknowledged() {
    return guard.get(session.outbox::unacknowledged);
  }

  /** What was stored so far. */
  public Totals totals() {
    return guard.get(session.outbox::totals);
  }

  /** Waits until all is stored, closes, and tells how much that was. May be called again, also when it timed out. */
  public Totals finish() throws InterruptedException {
    return untimed(this::finishBy);
  }

  public Totals finish(Duration timeout) throws InterruptedException, TimeoutException {
    return finishBy(new Deadline(timeout));
  }

  /**
   * As {@link #finish}, but an interrupted thread waits for a second only, then drops what is not acknowledged and
   * throws PublisherClosedException.
   */
  @Override
  public void close() {
    try {
      finish();
    } catch (InterruptedException interrupted) {
      try {
        finish(HURRY);
      } catch (InterruptedException | TimeoutException late) {
        long dropped = unacknowledged();
        cancel();
        throw new PublisherClosedException("interrupted, %d events are not acknowledged".formatted(dropped));
      } finally {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Closes at once and drops what is not acknowledged. Topics under ON_ABORT_FAIL will fail. */
  public void cancel() {
    guard.run(session::cancel);
    if (guard.get(() -> sender == null)) {
      release();
    }
  }

  /** Puts an end into the buffer whether there is room or not: it is small, and whoever fails is not made to wait. */
  void failNow(String topic, Throwable error) {
    Entry end = new Entry(topic, null, Events.failureOf(error));
    guard.run(
        () -> {
          session.checkOpen();
          add(end);
        });
  }

  private interface Timed<T> {
    T until(Deadline deadline) throws InterruptedException, TimeoutException;
  }

  private static <T> T untimed(Timed<T> action) throws InterruptedException {
    try {
      return action.until(new Deadline(null));
    } catch (TimeoutException never) {
      throw new AssertionError(never);
    }
  }

  private String publishBy(String topic, Event event, Deadline deadline)
      throws InterruptedException, TimeoutException {
    Event named = guard.get(() -> session.withId(event));
    putBy(new Entry(topic, named, null), deadline);
    return named.getId();
  }

  private void put(Entry entry) throws InterruptedException {
    untimed(deadline -> putBy(entry, deadline));
  }

  private Void putBy(Entry entry, Deadline deadline) throws InterruptedException, TimeoutException {
    return guard.<Void, TimeoutException>call(
        () -> {
          session.checkOpen();
          await(() -> session.outbox.hasRoom(entry.size()), deadline);
          session.checkOpen();
          add(entry);
          guard.wakeOthers();
          return null;
        });
  }

  private Void flushBy(Deadline deadline) throws InterruptedException, TimeoutException {
    return guard.<Void, TimeoutException>call(
        () -> {
          long goal = session.outbox.added();
          await(() -> session.outbox.settled() >= goal, deadline);
          return null;
        });
  }

  private Totals finishBy(Deadline deadline) throws InterruptedException, TimeoutException {
    try {
      guard.<Void, TimeoutException>call(
          () -> {
            session.close();
            guard.wakeOthers();
            await(() -> session.outbox.unacknowledged() == 0, deadline);
            // All is stored. The sender says good-bye, which takes no longer than ANSWER.
            Deadline goodBye = new Deadline(Sender.ANSWER);
            while (sender != null && goodBye.left() > 0) {
              guard.await(goodBye.left());
            }
            return null;
          });
    } catch (PublisherClosedException cancelled) {
      // Before, by the caller.
    }
    release();
    return totals();
  }

  /** With the guard held: until {@code ready}, an error, or the deadline. */
  private void await(BooleanSupplier ready, Deadline deadline) throws InterruptedException, TimeoutException {
    for (; ; ) {
      if (session.failed()) {
        guard.wakeOthers();
        session.check();
      }
      if (ready.getAsBoolean()) {
        return;
      }
      if (deadline.left() <= 0) {
        throw new TimeoutException("%d events are not acknowledged".formatted(session.outbox.unacknowledged()));
      }
      guard.await(Math.min(deadline.left(), session.patience()));
    }
  }

  /** With the guard held. */
  private void add(Entry entry) {
    session.add(entry);
    if (sender == null) {
      Runnable calls = new Sender(guard, session, channel, metadata, this::callBack);
      sender = new Thread(() -> send(calls), "sluice-publisher");
      sender.setDaemon(true);
      sender.start();
    }
  }

  private void send(Runnable calls) {
    try {
      calls.run();
    } finally {
      release();
      guard.run(() -> sender = null);
    }
  }

  private void callBack(PublishWithFeedbackResponse response) {
    if (response.hasStop() && onStop != null) {
      onStop.accept(response.getStop().getTopic(), response.getStop().getReason());
    } else if (response.hasInterest() && onInterest != null) {
      onInterest.accept(response.getInterest().getTopic(), response.getInterest().getSubscribers());
    }
  }

  private void release() {
    if (ownsChannel) {
      ((ManagedChannel) channel).shutdownNow();
    }
  }

  /** The options of a publisher. */
  public static final class Builder {
    private final String target;
    private final Channel channel;
    private ChannelCredentials credentials = InsecureChannelCredentials.create();
    private Supplier<Metadata> metadata;
    private OnAbort onAbort = OnAbort.ON_ABORT_UNSPECIFIED;
    private ObjLongConsumer<String> onInterest;
    private BiConsumer<String, String> onStop;
    private int bufferEvents = 10_000;
    private long bufferBytes = 8 << 20;
    private Duration giveUpAfter = Duration.ofSeconds(60);
    private Duration longestDelay = Session.LAST_DELAY;

    private Builder(String target, Channel channel) {
      this.target = target;
      this.channel = channel;
    }

    /** Of the channel to a target; no TLS unless it is set. */
    public Builder credentials(ChannelCredentials credentials) {
      this.credentials = credentials;
      return this;
    }

    /** Of each call, such as a token; asked again for each call, on the publisher's thread. */
    public Builder metadata(Supplier<Metadata> metadata) {
      this.metadata = metadata;
      return this;
    }

    /** What becomes of a topic whose producer is lost. Default: it stays open. */
    public Builder onAbort(OnAbort onAbort) {
      this.onAbort = onAbort;
      return this;
    }

    /** Told (topic, subscribers) when a topic gets its first reader or loses its last; must not block. */
    public Builder onInterest(ObjLongConsumer<String> onInterest) {
      this.onInterest = onInterest;
      return this;
    }

    /** Told (topic, reason) when a reader asks to stop; must not block. */
    public Builder onStop(BiConsumer<String, String> onStop) {
      this.onStop = onStop;
      return this;
    }

    /** How many events may be unacknowledged. Default: 10,000. */
    public Builder bufferEvents(int events) {
      this.bufferEvents = atLeastOne(events);
      return this;
    }

    /** How many bytes; an event above that goes in alone. Default: 8 MiB. */
    public Builder bufferBytes(long bytes) {
      this.bufferBytes = atLeastOne(bytes);
      return this;
    }

    /** How long to go on without an acknowledgement while something waits for one. Default: 60 seconds. */
    public Builder giveUpAfter(Duration time) {
      atLeastOne(time.toNanos());
      this.giveUpAfter = time;
      return this;
    }

    /** For tests, which have no time. */
    Builder longestDelay(Duration delay) {
      this.longestDelay = delay;
      return this;
    }

    public Publisher build() {
      return new Publisher(this);
    }

    // A connection that has silently died is noticed.
    private ManagedChannel open() {
      return Grpc.newChannelBuilder(target, credentials)
          .keepAliveTime(20, TimeUnit.SECONDS)
          .keepAliveTimeout(10, TimeUnit.SECONDS)
          .build();
    }

    private static <N extends Number> N atLeastOne(N bound) {
      if (bound.longValue() < 1) {
        throw new IllegalArgumentException("a bound is above 0");
      }
      return bound;
    }
  }
}
