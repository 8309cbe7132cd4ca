#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "bridge/event/topic_settings.h"

namespace sluice {

// Settings for the topics that `match` selects.
struct TopicRule : TopicSettingsPatch {
  std::string match;  // a topic's name or a pattern; checked by CheckPattern
};

// What settings a topic is made with: the server's, and over them those of the
// first rule that selects it. One rule counts, as one `location` does in nginx,
// one namespace in Centrifugo and one policy in RabbitMQ: what a topic gets is
// read off one rule, and a rule added below never changes the topics of those
// above it.
//
// Thread safety: immutable, so any thread may call it.
class TopicRules {
 public:
  TopicRules() = default;
  explicit TopicRules(const TopicSettings& defaults,
                      const std::vector<TopicRule>& rules = {});

  // The settings of a topic that says nothing itself; valid while this lives.
  // Looks at one rule after the other: for a topic's making, not for every
  // event.
  const TopicSettings& For(absl::string_view topic) const;

 private:
  struct Row {
    std::string match;
    TopicSettings settings;  // whole
  };

  TopicSettings defaults_;
  std::vector<Row> rows_;
};

}  // namespace sluice
