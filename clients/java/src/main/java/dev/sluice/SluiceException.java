package dev.sluice;

/** The base of all errors of this package. */
public abstract class SluiceException extends RuntimeException {
  SluiceException(String message) {
    super(message);
  }
}
