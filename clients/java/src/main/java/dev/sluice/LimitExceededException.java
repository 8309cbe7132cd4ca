package dev.sluice;

/** RESOURCE_EXHAUSTED: a limit of the bridge, which the message names. */
public final class LimitExceededException extends PublishException {
  LimitExceededException(Failure failure) {
    super(failure);
  }
}
