package dev.sluice;

/** Nothing was acknowledged for as long as {@link Publisher.Builder#giveUpAfter} says. */
public final class GaveUpException extends PublishException {
  GaveUpException(Failure failure) {
    super(failure);
  }
}
