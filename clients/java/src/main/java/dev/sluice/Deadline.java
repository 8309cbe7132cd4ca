package dev.sluice;

import java.time.Duration;

/** A time to wait until; by a clock that only runs. */
final class Deadline {
  private final long end;
  private final boolean never;

  /** From now on; null: never. */
  Deadline(Duration timeout) {
    never = timeout == null;
    end = never ? 0 : System.nanoTime() + timeout.toNanos();
  }

  /** Nanoseconds, 0 or less when it is over. */
  long left() {
    return never ? Long.MAX_VALUE : end - System.nanoTime();
  }
}
