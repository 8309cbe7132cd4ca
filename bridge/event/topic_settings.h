#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sluice {

// How a topic keeps and hands out its events; the server's settings, or a
// topic's own.
struct TopicSettings {
  enum class Start { kEarliest, kLatest };
  enum class SlowReader { kGap, kDisconnect };

  uint64_t retention_events = 1000;    // the last N; 1 or more
  uint64_t retention_bytes = 8 << 20;  // payload + id + type; 1 or more
  absl::Duration retention_age = absl::Hours(1);
  Start default_start = Start::kEarliest;
  SlowReader slow_reader = SlowReader::kGap;
  bool coalesce = false;
  bool omit_done_marker = false;
};

// Age is kept to within a second or two, so less would mean nothing.
inline constexpr absl::Duration kMinRetentionAge = absl::Seconds(1);

// OK, or InvalidArgument with a sentence for whoever asks for such a topic.
absl::Status CheckRetentionAge(absl::Duration age);

// Some of a topic's settings; what is not set is left to others.
struct TopicSettingsPatch {
  absl::optional<uint64_t> retention_events;
  absl::optional<uint64_t> retention_bytes;
  absl::optional<absl::Duration> retention_age;
  absl::optional<TopicSettings::Start> default_start;
  absl::optional<TopicSettings::SlowReader> slow_reader;
  absl::optional<bool> coalesce;
  absl::optional<bool> omit_done_marker;

  // `settings` with what is set here in place of its own.
  TopicSettings Over(TopicSettings settings) const;
};

}  // namespace sluice
