package dev.sluice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Struct;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.sluice.v1.Event;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The events of all languages, byte for byte. */
class VectorsTest {
  @RegisterExtension static final Bridge bridge = Bridge.large();

  private record Vector(String name, Event event, String frame) {}

  private static List<Vector> vectors() throws Exception {
    TypeRegistry types =
        TypeRegistry.newBuilder()
            .add(com.google.protobuf.DurationProto.getDescriptor().getMessageTypes())
            .add(com.google.protobuf.TimestampProto.getDescriptor().getMessageTypes())
            .add(com.google.protobuf.StructProto.getDescriptor().getMessageTypes())
            .add(com.google.protobuf.WrappersProto.getDescriptor().getMessageTypes())
            .add(com.google.protobuf.FieldMaskProto.getDescriptor().getMessageTypes())
            .add(com.google.protobuf.EmptyProto.getDescriptor().getMessageTypes())
            .build();
    JsonFormat.Parser parser = JsonFormat.parser().usingTypeRegistry(types);
    Value.Builder all = Value.newBuilder();
    JsonFormat.parser().merge(Files.readString(Support.ROOT.resolve("tests/vectors/events.json")), all);
    List<Vector> vectors = new ArrayList<>();
    for (Value each : all.getListValue().getValuesList()) {
      Struct vector = each.getStructValue();
      Event.Builder event = Event.newBuilder();
      parser.merge(JsonFormat.printer().print(vector.getFieldsOrThrow("event")), event);
      vectors.add(
          new Vector(
              vector.getFieldsOrThrow("name").getStringValue(),
              event.build(),
              vector.getFieldsOrThrow("frame").getStringValue()));
    }
    assertFalse(vectors.isEmpty());
    return vectors;
  }

  private static void check(List<Vector> vectors, String stream) {
    int at = 0;
    for (Vector vector : vectors) {
      int end = Math.min(stream.length(), at + vector.frame.length());
      assertEquals(vector.frame, stream.substring(at, end), vector.name);
      at = end;
    }
    assertTrue(stream.substring(at).matches("id: \\S+\ndata: \\[DONE]\n\n"), stream.substring(at));
  }

  @Test
  void everyEventIsReadAsTheBytesThatItShouldBe() throws Exception {
    try (Publisher publisher = Publisher.connect(bridge.grpc())) {
      for (Vector vector : vectors()) {
        publisher.publish("vectors", vector.event);
      }
      publisher.end("vectors");
    }
    check(vectors(), bridge.stream("vectors"));
  }

  @Test
  void aPlainCallPublishesTheSame() throws Exception {
    ManagedChannel channel = Grpc.newChannelBuilder(bridge.grpc(), InsecureChannelCredentials.create()).build();
    new PublishCall(channel).thenEnd().publish("plain", vectors().stream().map(Vector::event).toList());
    channel.shutdownNow();
    check(vectors(), bridge.stream("plain"));
  }
}
