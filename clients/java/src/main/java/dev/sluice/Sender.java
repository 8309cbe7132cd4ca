package dev.sluice;

import dev.sluice.v1.PublishWithFeedbackRequest;
import dev.sluice.v1.PublishWithFeedbackResponse;
import dev.sluice.v1.PublisherServiceGrpc;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A publisher's thread: one call after the other, until no more is needed. Waits for nothing but its guard. */
final class Sender implements Runnable {
  /** For the bridge's good-bye, when all is stored. */
  static final Duration ANSWER = Duration.ofSeconds(5);

  private static final System.Logger LOG = System.getLogger("dev.sluice");

  private final Guard guard;
  private final Session session;
  private final Channel channel;
  private final Supplier<Metadata> metadata;
  private final Consumer<PublishWithFeedbackResponse> callbacks;

  /** {@code callbacks} hears of interest and stops, on a thread of gRPC's. */
  Sender(
      Guard guard,
      Session session,
      Channel channel,
      Supplier<Metadata> metadata,
      Consumer<PublishWithFeedbackResponse> callbacks) {
    this.guard = guard;
    this.session = session;
    this.channel = channel;
    this.metadata = metadata;
    this.callbacks = callbacks;
  }

  @Override
  public void run() {
    try {
      while (awaitNeedOfCall()) {
        Call call = new Call(this::hear, () -> guard.run(() -> {}));
        Status status;
        try {
          status = serve(call);
        } catch (RuntimeException broken) { // the caller's metadata, or a channel that the caller has closed
          LOG.log(System.Logger.Level.WARNING, "the publisher could not make a call", broken);
          call.cancel("broken");
          status = Status.UNKNOWN.withDescription(broken.toString());
        }
        pause(status, call.trailers());
      }
    } catch (InterruptedException foreign) { // nobody here interrupts this thread
      guard.run(session::cancel);
    }
  }

  private boolean awaitNeedOfCall() throws InterruptedException {
    return guard.call(
        () -> {
          while (!session.finished() && !session.outbox.needsCall()) {
            guard.await(session.patience());
          }
          return !session.finished();
        });
  }

  private void pause(Status status, Metadata trailers) throws InterruptedException {
    guard.call(
        () -> {
          session.callEnded(status, trailers);
          guard.wakeOthers();
          Deadline next = new Deadline(Duration.ofNanos(session.delay()));
          while (!session.finished() && next.left() > 0) {
            guard.await(next.left());
          }
          return null;
        });
  }

  private enum Step {
    SEND,
    HALF_CLOSE,
    OVER
  }

  /** Publishes over one call until it is over; returns how it ended. */
  private Status serve(Call call) throws InterruptedException {
    guard.run(session.outbox::restart);
    if (channel instanceof ManagedChannel managed) {
      managed.resetConnectBackoff(); // the publisher's is the one that counts
    }
    Metadata headers = metadata == null ? new Metadata() : metadata.get();
    PublisherServiceGrpc.newStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
        .publishWithFeedback(call);
    PublishWithFeedbackRequest[] request = new PublishWithFeedbackRequest[1];
    for (; ; ) {
      switch (guard.call(() -> next(call, request))) {
        case SEND -> call.send(request[0]);
        case HALF_CLOSE -> call.halfClose(new Deadline(ANSWER));
        case OVER -> {
          if (call.status() != null) {
            return call.status();
          }
          call.cancel("the publisher needs it no more");
          return Status.CANCELLED;
        }
      }
    }
  }

  /** Waits for something to do; outside, so that gRPC is not called with the guard held. */
  private Step next(Call call, PublishWithFeedbackRequest[] request) throws InterruptedException {
    for (; ; ) {
      if (call.status() != null || session.failed()) {
        return Step.OVER;
      }
      Deadline answer = call.answer();
      if (answer != null) {
        if (answer.left() <= 0) {
          return Step.OVER;
        }
        guard.await(answer.left());
      } else if (session.finished()) {
        return Step.HALF_CLOSE;
      } else if (session.outbox.hasRequests() && call.isReady()) {
        request[0] = session.outbox.nextRequest();
        return Step.SEND;
      } else {
        guard.await(session.patience());
      }
    }
  }

  private void hear(PublishWithFeedbackResponse response) {
    guard.run(() -> session.receive(response));
    try {
      callbacks.accept(response);
    } catch (RuntimeException failed) {
      LOG.log(System.Logger.Level.WARNING, "a callback of the publisher failed", failed);
    }
  }
}
