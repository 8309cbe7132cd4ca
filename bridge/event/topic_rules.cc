#include "bridge/event/topic_rules.h"

#include "bridge/event/selector.h"

namespace sluice {

TopicRules::TopicRules(const TopicSettings& defaults,
                       const std::vector<TopicRule>& rules)
    : defaults_(defaults) {
  rows_.reserve(rules.size());
  for (const TopicRule& rule : rules)
    rows_.push_back({rule.match, rule.Over(defaults)});
}

const TopicSettings& TopicRules::For(absl::string_view topic) const {
  for (const Row& row : rows_) {
    if (Matches(row.match, topic)) return row.settings;
  }
  return defaults_;
}

}  // namespace sluice
