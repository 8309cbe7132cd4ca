package dev.sluice;

import dev.sluice.v1.Event;
import java.util.Optional;

/**
 * A field that broke a rule.
 *
 * @param field such as {@code requests[2].events[5].id}, with the indexes of the call
 * @param description what is wrong with it
 * @param topic what it was published to; empty if that is not known
 * @param event the event, if it is one's field
 */
public record Violation(String field, String description, String topic, Optional<Event> event) {
  Violation(String field, String description) {
    this(field, description, "", Optional.empty());
  }
}
