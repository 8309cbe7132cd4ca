#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice {

inline constexpr size_t kMaxTopicBytes = 255;

// OK if `topic` may name a topic: 1-255 bytes, tokens of [A-Za-z0-9_~:@-]
// joined by `.`. InvalidArgument says what is wrong with it. Names under
// `sluice.` pass: they may be read.
absl::Status CheckTopic(absl::string_view topic);

// Like CheckTopic, and InvalidArgument for names that only the bridge itself
// may create or publish to.
absl::Status CheckWritableTopic(absl::string_view topic);

}  // namespace sluice
