package dev.sluice;

/** INVALID_ARGUMENT: an event, a topic or an end breaks a rule; see {@link #violations}. */
public final class InvalidEventException extends PublishException {
  InvalidEventException(Failure failure) {
    super(failure);
  }
}
