#pragma once

#include <vector>

#include "bridge/config/option.h"
#include "bridge/event/topic_rules.h"

namespace sluice {

// A key of a rule in the file's `topics`.
using RuleOption = BasicOption<TopicRule>;

// The one table of them; `match`, which each rule must have, is the first. Made
// once, never changed or destroyed. Safe from any thread.
const std::vector<RuleOption>& RuleOptions();

}  // namespace sluice
