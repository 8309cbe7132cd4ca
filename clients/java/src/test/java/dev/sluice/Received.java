package dev.sluice;

import java.util.List;
import java.util.stream.Stream;

/** An event as a reader has it. */
record Received(String id, String type, String data) {
  static List<Received> all(String stream) {
    return Stream.of(stream.split("\n\n")).filter(block -> !block.isEmpty()).map(Received::of).toList();
  }

  static Received of(String block) {
    String id = "";
    String type = "";
    StringBuilder data = new StringBuilder();
    for (String line : block.split("\n")) {
      int colon = line.indexOf(": ");
      String value = colon > 0 ? line.substring(colon + 2) : "";
      switch (colon > 0 ? line.substring(0, colon) : "") {
        case "id" -> id = value;
        case "event" -> type = value;
        case "data" -> data.append(data.isEmpty() ? "" : "\n").append(value);
        default -> {} // retry, comments
      }
    }
    return new Received(id, type, data.toString());
  }

  static List<String> data(List<Received> events) {
    return events.stream().map(Received::data).toList();
  }
}
