package dev.sluice;

import dev.sluice.v1.Stop;
import java.util.Optional;

/**
 * What became of a stream.
 *
 * @param events how many were published
 * @param stop why not all of them: a reader's wish
 */
public record Streamed(long events, Optional<Stop> stop) {}
