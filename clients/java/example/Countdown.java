import dev.sluice.Events;
import dev.sluice.Publisher;
import dev.sluice.Streamed;
import dev.sluice.v1.Event;
import dev.sluice.v1.OnAbort;
import dev.sluice.v1.Stop;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A job that tells a page how far it is: Countdown [HOST:PORT] [TOPIC]
 *
 * <p>Open http://localhost:8080/v1/topics/countdown/events, or `sluice sub countdown`, before or after.
 */
public class Countdown {
  public static void main(String[] args) throws InterruptedException {
    String target = args.length > 0 ? args[0] : "localhost:50051";
    String topic = args.length > 1 ? args[1] : "countdown";

    Stream<Event> steps =
        Stream.concat(
            IntStream.iterate(10, left -> left > 0, left -> left - 1).mapToObj(Countdown::step),
            Stream.of(Events.text("lift-off")));

    // If this program is killed, readers are told that the topic has failed.
    try (Publisher publisher =
        Publisher.builder(target).onAbort(OnAbort.ON_ABORT_FAIL).giveUpAfter(Duration.ofSeconds(10)).build()) {
      Streamed streamed = publisher.stream(topic, steps::iterator);
      String stopped = streamed.stop().map(Stop::getReason).map(", a reader asked to stop: "::concat).orElse("");
      System.out.println(streamed.events() + " events" + stopped);
    }
  }

  private static Event step(int left) {
    try {
      Thread.sleep(200);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    return Events.json("progress", Map.of("left", left));
  }
}
