package dev.sluice;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;

/** Why publishing failed for good. Each thread that is told gets an exception of its own, with its own stack. */
record Failure(
    Status.Code code,
    String description,
    long accepted,
    long duplicates,
    long unacknowledged,
    List<Violation> violations) {
  private static final Metadata.Key<String> ACCEPTED =
      Metadata.Key.of("sluice-accepted", Metadata.ASCII_STRING_MARSHALLER);

  /** What a call that is tried once failed with. */
  static Failure ofCall(Status status, Metadata trailers) {
    return new Failure(
        status.getCode(), describe(status), acceptedIn(trailers), 0, 0, violationsIn(status, trailers));
  }

  PublishException exception() {
    return switch (code) {
      case INVALID_ARGUMENT -> new InvalidEventException(this);
      case FAILED_PRECONDITION -> new TopicEndedException(this);
      case RESOURCE_EXHAUSTED -> new LimitExceededException(this);
      case PERMISSION_DENIED, UNAUTHENTICATED -> new AccessException(this);
      default -> new PublishException(this);
    };
  }

  static String describe(Status status) {
    return status.getDescription() == null ? "" : status.getDescription();
  }

  /** How many events a call stored before it was refused. */
  static long acceptedIn(Metadata trailers) {
    String accepted = trailers == null ? null : trailers.get(ACCEPTED);
    return accepted != null && accepted.matches("\\d{1,18}") ? Long.parseLong(accepted) : 0;
  }

  /** The google.rpc.BadRequest of a call's trailing metadata. */
  static List<Violation> violationsIn(Status status, Metadata trailers) {
    List<Violation> found = new ArrayList<>();
    if (trailers == null) {
      return found;
    }
    try {
      for (var detail : StatusProto.fromStatusAndTrailers(status, trailers).getDetailsList()) {
        if (detail.is(BadRequest.class)) {
          for (var each : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            found.add(new Violation(each.getField(), each.getDescription()));
          }
        }
      }
    } catch (InvalidProtocolBufferException | IllegalArgumentException damaged) {
      // The status says what is wrong, too.
    }
    return found;
  }
}
