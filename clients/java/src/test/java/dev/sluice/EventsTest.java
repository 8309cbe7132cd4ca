package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.util.JsonFormat;
import dev.sluice.v1.Error;
import io.grpc.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class EventsTest {
  @Test
  void aValueIsWhatJsonHas() throws Exception {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("null", null);
    value.put("number", 1.5f);
    value.put("list", List.of(true, "x", new Object[] {1, 2L}));
    String json = JsonFormat.printer().omittingInsignificantWhitespace().print(Events.json(value).getJson());
    assertEquals("{\"null\":null,\"number\":1.5,\"list\":[true,\"x\",[1.0,2.0]]}", json);
    assertEquals("tick", Events.json("tick", 1).getType());
    assertThrows(IllegalArgumentException.class, () -> Events.json(List.of(new Object())));
  }

  @Test
  void aTopicFailsWithTheCodeAndTheMessageOfWhatWasThrown() {
    assertEquals(error(2, "no disk"), failureOf(new IllegalStateException("no disk")));
    assertEquals(error(2, "IllegalStateException"), failureOf(new IllegalStateException()));
    assertEquals(error(8, "busy"), failureOf(Status.RESOURCE_EXHAUSTED.withDescription("busy").asRuntimeException()));
    assertEquals(error(1, "CancellationException"), failureOf(new CancellationException()));
    assertEquals(error(1, "InterruptedException"), failureOf(new InterruptedException()));
  }

  private static Error failureOf(Throwable thrown) {
    return Events.failureOf(thrown).getError();
  }

  private static Error error(int code, String message) {
    return Error.newBuilder().setCode(code).setMessage(message).build();
  }
}
