package dev.sluice;

/** The publisher has been closed or cancelled. */
public final class PublisherClosedException extends SluiceException {
  PublisherClosedException(String message) {
    super(message);
  }
}
