#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sluice {

// Between protobuf's time and abseil's.
//
// Thread safety: functions without state.

// InvalidArgument for what google/protobuf/duration.proto forbids: more than
// 10,000 years, nanoseconds of a second or more, two different signs.
absl::StatusOr<absl::Duration> ToDuration(
    const google::protobuf::Duration& proto);

void SetDuration(absl::Duration duration, google::protobuf::Duration& proto);

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& proto);

}  // namespace sluice
