#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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

// A selector's entry is a topic's name or a pattern: a name in which `*` stands
// for one whole token, and a final `>` for one or more (NATS's rules).

// OK if `pattern` may be an entry of a selector: up to 255 bytes, each token of
// [A-Za-z0-9_~:@-] or a wildcard. InvalidArgument says what is wrong with it.
absl::Status CheckPattern(absl::string_view pattern);

// Whether `pattern` selects `topic`. Topics that are the server's own are
// selected by their very name alone. Both must have passed their check.
bool Matches(absl::string_view pattern, absl::string_view topic);

// Whether `pattern` selects every topic that `other` does; of an `other` under
// `sluice.`, only if both are the same. Both must have passed CheckPattern.
bool Covers(absl::string_view pattern, absl::string_view other);

// What a stream reads: a topic, or topics and patterns together. Immutable.
class Selector {
 public:
  // One topic. It must have passed CheckTopic.
  explicit Selector(std::string topic);

  // Topics and patterns; doubles count once. InvalidArgument: there is none, or
  // one that is no entry of a selector.
  static absl::StatusOr<Selector> Parse(std::vector<std::string> entries);

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::string>& patterns() const { return patterns_; }

  bool Selects(absl::string_view topic) const;

  // Equal selectors have equal keys.
  const std::string& key() const { return key_; }

 private:
  Selector() = default;

  std::vector<std::string> names_;     // sorted
  std::vector<std::string> patterns_;  // sorted
  std::string key_;
};

}  // namespace sluice
