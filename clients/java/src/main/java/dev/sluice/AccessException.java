package dev.sluice;

/** PERMISSION_DENIED or UNAUTHENTICATED. */
public final class AccessException extends PublishException {
  AccessException(Failure failure) {
    super(failure);
  }
}
