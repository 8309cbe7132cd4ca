package dev.sluice;

import dev.sluice.v1.PublishWithFeedbackRequest;
import dev.sluice.v1.PublishWithFeedbackResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.function.Consumer;

/**
 * One PublishWithFeedback call. gRPC calls the methods of the observer, one after the other, on threads of its own; the
 * others are for the publisher's thread.
 */
final class Call implements ClientResponseObserver<PublishWithFeedbackRequest, PublishWithFeedbackResponse> {
  private final Consumer<PublishWithFeedbackResponse> heard;
  private final Runnable changed;
  private ClientCallStreamObserver<PublishWithFeedbackRequest> requests;
  private Deadline answer;
  private Metadata trailers; // before status
  private volatile Status status;

  /** {@code changed} is called when gRPC would take more, and when the call is over. */
  Call(Consumer<PublishWithFeedbackResponse> heard, Runnable changed) {
    this.heard = heard;
    this.changed = changed;
  }

  /** How it ended; null as long as it has not. */
  Status status() {
    return status;
  }

  Metadata trailers() {
    return trailers;
  }

  /** Whether gRPC would take a request; if not, {@code changed} is called when it would. */
  boolean isReady() {
    return requests.isReady();
  }

  /** Until when to wait for the end; null before the half-close. */
  Deadline answer() {
    return answer;
  }

  void send(PublishWithFeedbackRequest request) {
    requests.onNext(request);
  }

  void halfClose(Deadline answer) {
    this.answer = answer;
    requests.onCompleted();
  }

  void cancel(String why) {
    if (requests != null) {
      requests.cancel(why, null);
    }
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<PublishWithFeedbackRequest> stream) {
    requests = stream;
    stream.setOnReadyHandler(changed);
  }

  @Override
  public void onNext(PublishWithFeedbackResponse response) {
    heard.accept(response);
  }

  @Override
  public void onError(Throwable error) {
    trailers = Status.trailersFromThrowable(error);
    status = Status.fromThrowable(error);
    changed.run();
  }

  @Override
  public void onCompleted() {
    status = Status.OK;
    changed.run();
  }
}
