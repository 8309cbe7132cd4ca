package dev.sluice;

/** What a reader's wish to stop does to a stream. */
public enum OnStop {
  /** The next item is not asked for, and the topic is completed. */
  COMPLETE,
  /** Nothing; the callback of {@link Publisher.Builder#onStop} is told all the same. */
  IGNORE
}
