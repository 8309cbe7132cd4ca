/**
 * Publishes events to Sluice, which browsers read over SSE. {@link dev.sluice.Publisher} is where to begin; the
 * messages and the stubs of all services are in {@code dev.sluice.v1}.
 */
package dev.sluice;
