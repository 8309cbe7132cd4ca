package dev.sluice;

/** FAILED_PRECONDITION: the topic has ended, or was deleted. */
public final class TopicEndedException extends PublishException {
  TopicEndedException(Failure failure) {
    super(failure);
  }
}
