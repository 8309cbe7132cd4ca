#include "bridge/event/topic_settings.h"

namespace sluice {

absl::Status CheckRetentionAge(absl::Duration age) {
  return age < kMinRetentionAge
             ? absl::InvalidArgumentError("retention_age is 1 s or more")
             : absl::OkStatus();
}

TopicSettings TopicSettingsPatch::Over(TopicSettings settings) const {
  const auto set = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  set(retention_events, settings.retention_events);
  set(retention_bytes, settings.retention_bytes);
  set(retention_age, settings.retention_age);
  set(default_start, settings.default_start);
  set(slow_reader, settings.slow_reader);
  set(coalesce, settings.coalesce);
  set(omit_done_marker, settings.omit_done_marker);
  return settings;
}

}  // namespace sluice
