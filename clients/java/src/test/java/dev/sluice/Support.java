package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

final class Support {
  static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  static final Duration DEADLINE = Duration.ofSeconds(60); // only a failure takes as long

  private Support() {}

  static void until(String what, Callable<Boolean> condition) throws Exception {
    Deadline deadline = new Deadline(DEADLINE);
    while (!condition.call()) {
      assertTrue(deadline.left() > 0, "not in time: " + what);
      Thread.sleep(5);
    }
  }

  static List<String> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(String::valueOf).toList();
  }

  static List<String> numbersAndDone(int count) {
    return IntStream.rangeClosed(0, count).mapToObj(n -> n == count ? "[DONE]" : String.valueOf(n)).toList();
  }
}
