package dev.sluice;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.sluice.v1.End;
import dev.sluice.v1.Error;
import dev.sluice.v1.Event;
import io.grpc.Status;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Makes events. Whatever else one may have (an id, a retry, a message) its builder sets. */
public final class Events {
  private Events() {}

  /** An event that readers get through {@code onmessage}. */
  public static Event text(String text) {
    return Event.newBuilder().setText(text).build();
  }

  public static Event text(String type, String text) {
    return Event.newBuilder().setType(type).setText(text).build();
  }

  /** An event that readers get as JSON; see {@link #value}. */
  public static Event json(Object value) {
    return Event.newBuilder().setJson(value(value)).build();
  }

  public static Event json(String type, Object value) {
    return Event.newBuilder().setType(type).setJson(value(value)).build();
  }

  /**
   * A value as JSON has it, out of null, booleans, numbers, strings, maps, iterables and arrays of them, or a
   * {@link Value}. Numbers are doubles, as in JavaScript: a long beyond 2^53 loses digits, so make it a string.
   *
   * @throws IllegalArgumentException if there is something else in it
   */
  public static Value value(Object value) {
    var made = Value.newBuilder();
    if (value == null) {
      return made.setNullValue(NullValue.NULL_VALUE).build();
    } else if (value instanceof Value ready) {
      return ready;
    } else if (value instanceof Boolean flag) {
      return made.setBoolValue(flag).build();
    } else if (value instanceof Number number) {
      return made.setNumberValue(number.doubleValue()).build();
    } else if (value instanceof CharSequence text) {
      return made.setStringValue(text.toString()).build();
    } else if (value instanceof Map<?, ?> members) {
      var struct = Struct.newBuilder();
      members.forEach((name, member) -> struct.putFields(String.valueOf(name), value(member)));
      return made.setStructValue(struct).build();
    } else if (value instanceof Object[] items) {
      return value(Arrays.asList(items));
    } else if (value instanceof Iterable<?> items) {
      var list = ListValue.newBuilder();
      items.forEach(item -> list.addValues(value(item)));
      return made.setListValue(list).build();
    }
    throw new IllegalArgumentException("a " + value.getClass().getName() + " has no JSON");
  }

  /** How a topic ends that failed. */
  static End failure(Status.Code code, String message) {
    return End.newBuilder().setError(Error.newBuilder().setCode(code.value()).setMessage(message)).build();
  }

  /** How a topic ends whose items could not be had because of {@code error}: with its gRPC code, if it has one. */
  static End failureOf(Throwable error) {
    Status.Code code = Status.Code.UNKNOWN;
    String message = error.getMessage();
    if (error instanceof PublishException publish) {
      code = publish.code();
    } else if (error instanceof InterruptedException || error instanceof CancellationException) {
      code = Status.Code.CANCELLED;
    } else {
      Status status = Status.fromThrowable(error);
      if (status.getCode() != Status.Code.UNKNOWN && !status.isOk()) {
        code = status.getCode();
        message = status.getDescription() == null ? message : status.getDescription();
      }
    }
    return failure(code, message == null || message.isEmpty() ? error.getClass().getSimpleName() : message);
  }
}
