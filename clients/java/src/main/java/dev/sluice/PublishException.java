package dev.sluice;

import io.grpc.Status;
import java.util.List;

/** The bridge refused what was published. Final: a publisher says so again whenever it is used. */
public class PublishException extends SluiceException {
  private final transient Failure failure;

  PublishException(Failure failure) {
    super(failure.code() + ": " + failure.description());
    this.failure = failure;
  }

  public final Status.Code code() {
    return failure.code();
  }

  /** What the bridge said. */
  public final String description() {
    return failure.description();
  }

  /** Events that were stored before it. */
  public final long accepted() {
    return failure.accepted();
  }

  /** Events that were there already. */
  public final long duplicates() {
    return failure.duplicates();
  }

  /** Events and ends of which nothing is known. */
  public final long unacknowledged() {
    return failure.unacknowledged();
  }

  /** The fields that broke a rule. */
  public final List<Violation> violations() {
    return failure.violations();
  }
}
