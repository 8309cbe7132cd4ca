package dev.sluice;

import dev.sluice.v1.End;
import dev.sluice.v1.Event;
import dev.sluice.v1.OnAbort;
import dev.sluice.v1.PublishRequest;
import dev.sluice.v1.PublishResponse;
import dev.sluice.v1.PublisherServiceGrpc;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Publishes in one call that is tried once: {@code new PublishCall(channel).publish(topic, events)}.
 *
 * <p>Keeps nothing and gives no ids. May be used again, by any thread, once its options are set.
 */
public final class PublishCall {
  private final PublisherServiceGrpc.PublisherServiceStub stub;
  private OnAbort onAbort = OnAbort.ON_ABORT_UNSPECIFIED;
  private Duration timeout;
  private End end;

  /** {@code channel} may have interceptors, for tokens for example; it stays the caller's. */
  public PublishCall(Channel channel) {
    stub = PublisherServiceGrpc.newStub(channel);
  }

  /** The call's deadline; without it, there is none. */
  public PublishCall timeout(Duration timeout) {
    this.timeout = timeout;
    return this;
  }

  /** What becomes of the topic if the call finishes without an end. */
  public PublishCall onAbort(OnAbort onAbort) {
    this.onAbort = onAbort;
    return this;
  }

  /** Completes the topic after its events. */
  public PublishCall thenEnd() {
    this.end = End.getDefaultInstance();
    return this;
  }

  /** Fails the topic after its events; {@code code} is not OK. */
  public PublishCall thenFail(Status.Code code, String message) {
    this.end = Events.failure(code, message);
    return this;
  }

  /**
   * Publishes events as they come, and tells what was stored; a Collection goes out in large requests.
   *
   * <p>What {@code events} throw cancels the call and is thrown on. So does an interrupt.
   *
   * @throws PublishException what the bridge refused; {@code accepted} is what it says to have stored
   */
  public PublishResponse publish(String topic, Iterable<Event> events) throws InterruptedException {
    var call = new Answer();
    var timed = timeout == null ? stub : stub.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    timed.publish(call);
    try {
      // Named first, so that readers are counted before there is an event, and one without events ends its topic, too.
      call.send(PublishRequest.newBuilder().setTopic(topic).setOnAbort(onAbort).build());
      if (events instanceof Collection<Event> all) {
        sendAll(topic, all, call);
      } else {
        for (Event event : events) {
          if (!call.send(PublishRequest.newBuilder().addEvents(event).build())) {
            break;
          }
        }
      }
      if (end != null) {
        call.send(PublishRequest.newBuilder().setEnd(end).build());
      }
      return call.finish();
    } catch (Throwable error) {
      call.requests.cancel("given up", error);
      throw error;
    }
  }

  private static void sendAll(String topic, Collection<Event> events, Answer call) throws InterruptedException {
    Deque<Entry> waiting = new ArrayDeque<>();
    events.forEach(event -> waiting.add(new Entry(topic, event, null)));
    while (!waiting.isEmpty()) {
      List<Event> batch = Outbox.takeBatch(waiting).stream().map(Entry::event).toList();
      if (!call.send(PublishRequest.newBuilder().addAllEvents(batch).build())) {
        return;
      }
    }
  }

  /** The call as gRPC tells of it. */
  private static final class Answer implements ClientResponseObserver<PublishRequest, PublishResponse> {
    private ClientCallStreamObserver<PublishRequest> requests;
    private PublishResponse response;
    private Status status;
    private Metadata trailers;

    /** Waits until gRPC takes the request; false if the call is over. */
    synchronized boolean send(PublishRequest request) throws InterruptedException {
      while (status == null && !requests.isReady()) {
        wait();
      }
      if (status == null) {
        requests.onNext(request);
      }
      return status == null;
    }

    synchronized PublishResponse finish() throws InterruptedException {
      if (status == null) {
        requests.onCompleted();
      }
      while (status == null) {
        wait();
      }
      if (!status.isOk()) {
        throw Failure.ofCall(status, trailers).exception();
      }
      return response;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<PublishRequest> stream) {
      requests = stream;
      stream.setOnReadyHandler(this::wake);
    }

    @Override
    public synchronized void onNext(PublishResponse answer) {
      response = answer;
    }

    @Override
    public synchronized void onError(Throwable error) {
      trailers = Status.trailersFromThrowable(error);
      status = Status.fromThrowable(error);
      notifyAll();
    }

    @Override
    public synchronized void onCompleted() {
      status = Status.OK;
      notifyAll();
    }

    private synchronized void wake() {
      notifyAll();
    }
  }
}
