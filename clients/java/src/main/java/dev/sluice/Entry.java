package dev.sluice;

import dev.sluice.v1.End;
import dev.sluice.v1.Event;

/** An event, the end of a topic, or, with neither, its name alone. */
record Entry(String topic, Event event, End end) {
  Entry {
    if (topic == null) {
      throw new NullPointerException("topic");
    }
  }

  int size() {
    if (event != null) {
      return event.getSerializedSize();
    }
    return end != null ? end.getSerializedSize() : 0;
  }
}
