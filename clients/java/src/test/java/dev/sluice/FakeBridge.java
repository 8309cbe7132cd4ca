package dev.sluice;

import dev.sluice.v1.Ack;
import dev.sluice.v1.PublishWithFeedbackRequest;
import dev.sluice.v1.PublishWithFeedbackResponse;
import dev.sluice.v1.PublisherServiceGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;

/** A server that does what a test says: it acknowledges, refuses, breaks off or keeps silent. */
final class FakeBridge implements AutoCloseable {
  final List<FakeCall> calls = new CopyOnWriteArrayList<>();
  final List<String> tokens = new CopyOnWriteArrayList<>(); // `authorization` of each call
  private final Server server;

  /** {@code heard} gets each request: the call has all so far. */
  FakeBridge(BiConsumer<FakeCall, Integer> heard) throws IOException {
    var service =
        new PublisherServiceGrpc.PublisherServiceImplBase() {
          @Override
          public StreamObserver<PublishWithFeedbackRequest> publishWithFeedback(
              StreamObserver<PublishWithFeedbackResponse> responses) {
            FakeCall call = new FakeCall((ServerCallStreamObserver<PublishWithFeedbackResponse>) responses);
            calls.add(call);
            return new StreamObserver<>() {
              @Override
              public void onNext(PublishWithFeedbackRequest request) {
                call.requests.add(request);
                heard.accept(call, calls.indexOf(call));
              }

              @Override
              public void onError(Throwable error) {}

              @Override
              public void onCompleted() {
                call.halfClosed = true;
                call.complete();
              }
            };
          }
        };
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(service)
            .intercept(new Tokens())
            .build()
            .start();
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class Tokens implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      tokens.add(String.valueOf(headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER))));
      return next.startCall(call, headers);
    }
  }

  static final class FakeCall {
    final List<PublishWithFeedbackRequest> requests = new CopyOnWriteArrayList<>();
    volatile boolean halfClosed;
    volatile boolean cancelled;
    private final ServerCallStreamObserver<PublishWithFeedbackResponse> responses;

    FakeCall(ServerCallStreamObserver<PublishWithFeedbackResponse> responses) {
      this.responses = responses;
      responses.setOnCancelHandler(() -> cancelled = true);
    }

    /** Acknowledges all requests so far. */
    synchronized void acknowledge() {
      int events = requests.stream().mapToInt(PublishWithFeedbackRequest::getEventsCount).sum();
      var ack = Ack.newBuilder().setRequests(requests.size()).setAccepted(events).setLastCursor("c-" + events);
      responses.onNext(PublishWithFeedbackResponse.newBuilder().setAck(ack).build());
    }

    synchronized void fail(Status status) {
      responses.onError(status.asRuntimeException());
    }

    synchronized void complete() {
      if (!cancelled) {
        responses.onCompleted();
      }
    }

    List<String> topics() {
      return requests.stream().map(PublishWithFeedbackRequest::getTopic).toList();
    }
  }
}
