#include "bridge/grpc/proto_time.h"

#include <cstdint>

namespace sluice {
namespace {

constexpr int64_t kMaxSeconds = 315576000000;
constexpr int32_t kNanosOfSecond = 1000000000;

}  // namespace

absl::StatusOr<absl::Duration> ToDuration(
    const google::protobuf::Duration& proto) {
  const int64_t seconds = proto.seconds();
  const int32_t nanos = proto.nanos();
  const bool in_range = seconds >= -kMaxSeconds && seconds <= kMaxSeconds &&
                        nanos > -kNanosOfSecond && nanos < kNanosOfSecond;
  const bool one_sign =
      (seconds >= 0 && nanos >= 0) || (seconds <= 0 && nanos <= 0);
  if (!in_range || !one_sign) {
    return absl::InvalidArgumentError(
        "a duration is at most 10,000 years, its nanoseconds less than a "
        "second and of the same sign");
  }
  return absl::Seconds(seconds) + absl::Nanoseconds(nanos);
}

void SetDuration(absl::Duration duration, google::protobuf::Duration& proto) {
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& proto) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

}  // namespace sluice
