package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ExampleTest {
  @RegisterExtension static final Bridge bridge = Bridge.large();

  @Test
  void theCountdownRunsAsTheReadmeSays() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(java, "-cp", "target/classes:target/lib/*", "example/Countdown.java", bridge.grpc(), "left")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertEquals("11 events\n", new String(process.getInputStream().readAllBytes()));
    assertEquals(0, process.waitFor());
    List<String> data = bridge.data("left");
    assertEquals(12, data.size());
    assertEquals("{\"left\":10}", data.get(0));
    assertTrue(data.containsAll(List.of("lift-off", "[DONE]")));
  }
}
