#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "bridge/event/entry.h"
#include "bridge/event/topic_rules.h"

namespace sluice {

// The JSON bodies of the requests that change topics. An empty body is one
// without fields. InvalidArgument names the field that is wrong.
//
// Thread safety: functions without state.

struct CreateTopicBody {
  std::string topic;  // checked by CheckWritableTopic, made if none was given
  TopicSettings settings;  // whole
  bool replace_ended = false;
};

// {"topic","settings","replaceEnded"}. `rules`: what is not said in settings.
absl::StatusOr<CreateTopicBody> ParseCreateTopic(absl::string_view body,
                                                 const TopicRules& rules);

// {"error":{"code","message"}}: `code` is a gRPC status code, 1-16, or its
// name. Without an error the end is a completed one.
absl::StatusOr<End> ParseEndTopic(absl::string_view body);

inline constexpr size_t kMaxReasonBytes = 1 << 10;

// {"reason"}, at most kMaxReasonBytes of it; empty: none.
absl::StatusOr<std::string> ParseStop(absl::string_view body);

}  // namespace sluice
