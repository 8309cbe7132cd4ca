#include "bridge/grpc/well_known_rules.h"

#include <google/protobuf/descriptor.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

// A set may have types of its own by these names: a field of another kind than
// protobuf's is null.
const Field* Find(const pb::Message& message, int number, Field::CppType type,
                  bool repeated = false) {
  const Field* field = message.GetDescriptor()->FindFieldByNumber(number);
  const bool as_known = field != nullptr && field->cpp_type() == type &&
                        field->is_repeated() == repeated;
  return as_known ? field : nullptr;
}

absl::Status CheckValue(const pb::Message& value) {
  const pb::Reflection& reflection = *value.GetReflection();
  const pb::OneofDescriptor* kind =
      value.GetDescriptor()->FindOneofByName("kind");
  if (kind != nullptr && !reflection.HasOneof(value, kind)) {
    return absl::InvalidArgumentError(
        "has none of its kinds set; null is `null_value`");
  }
  const Field* number = Find(value, 2, Field::CPPTYPE_DOUBLE);
  if (number != nullptr &&
      !std::isfinite(reflection.GetDouble(value, number))) {
    return absl::InvalidArgumentError(
        "is not finite; JSON has no NaN and no infinity");
  }
  return absl::OkStatus();
}

absl::Status CheckDuration(const pb::Message& duration) {
  constexpr int32_t kNanos = 1000000000;
  const Field* seconds_field = Find(duration, 1, Field::CPPTYPE_INT64);
  const Field* nanos_field = Find(duration, 2, Field::CPPTYPE_INT32);
  if (seconds_field == nullptr || nanos_field == nullptr) {
    return absl::OkStatus();
  }
  const pb::Reflection& reflection = *duration.GetReflection();
  const int64_t seconds = reflection.GetInt64(duration, seconds_field);
  const int32_t nanos = reflection.GetInt32(duration, nanos_field);
  const bool two_signs =
      (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0);
  if (two_signs || nanos <= -kNanos || nanos >= kNanos) {
    return absl::InvalidArgumentError(
        "has `nanos` of another sign than `seconds`, or of a second or more");
  }
  return absl::OkStatus();
}

// True if `path` comes back from lowerCamelCase as it was.
bool IsSnakeCase(absl::string_view path) {
  for (size_t i = 0; i < path.size(); ++i) {
    if (absl::ascii_isupper(path[i])) return false;
    const bool last = i + 1 == path.size();
    if (path[i] == '_' && (last || !absl::ascii_islower(path[i + 1]))) {
      return false;
    }
  }
  return true;
}

absl::Status CheckMask(const pb::Message& mask) {
  const Field* paths = Find(mask, 1, Field::CPPTYPE_STRING, true);
  if (paths == nullptr) return absl::OkStatus();
  const pb::Reflection& reflection = *mask.GetReflection();
  for (int i = 0; i < reflection.FieldSize(mask, paths); ++i) {
    if (!IsSnakeCase(reflection.GetRepeatedString(mask, paths, i))) {
      return absl::InvalidArgumentError("has a path that is not in snake_case");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckWellKnown(const pb::Message& message) {
  switch (message.GetDescriptor()->well_known_type()) {
    case pb::Descriptor::WELLKNOWNTYPE_VALUE:
      return CheckValue(message);
    case pb::Descriptor::WELLKNOWNTYPE_DURATION:
      return CheckDuration(message);
    case pb::Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return CheckMask(message);
    default:
      return absl::OkStatus();
  }
}

}  // namespace sluice
