package dev.sluice;

/**
 * What became of the events that were published: {@code accepted + duplicates} is their number.
 *
 * @param accepted events that were stored
 * @param duplicates events that were there already
 * @param lastCursor the place of the last entry, ends included; empty if there is none yet
 */
public record Totals(long accepted, long duplicates, String lastCursor) {
  static final Totals NONE = new Totals(0, 0, "");
}
