// Protobuf sends strings that are not UTF-8, and the other side drops the call.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "sluice/event.h"

namespace sluice::internal {

// Replaces each run of bytes that are not UTF-8 by U+FFFD.
std::string ToValidUtf8(std::string_view text);

// InvalidArgument, naming what is not UTF-8.
absl::Status CheckTopic(const std::string& topic);
absl::Status CheckEvent(const Event& event);

}  // namespace sluice::internal
