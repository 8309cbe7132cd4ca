#pragma once

#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "bridge/event/topic_rules.h"
#include "bridge/store/store.h"

namespace sluice {

struct MemoryStoreOptions {
  TopicRules rules;  // what a topic that is not created gets
  uint64_t max_topics = 1000000;
  // Bytes for all topics together, overhead included, about. Beyond it ended
  // topics lose their events, oldest first, then the largest topics their
  // oldest ones; an event that could not be kept by itself is refused.
  uint64_t memory_limit = uint64_t{1} << 30;
  // How long a tombstone is kept.
  absl::Duration tombstone_ttl = absl::Hours(1);
  // How long an open topic without events is kept that nobody watches or holds.
  absl::Duration idle_topic_ttl = absl::Hours(1);
  // What time it is, for tests; never goes back. Null: a clock that does not
  // jump.
  std::function<absl::Time()> now;
};

// A store that keeps its log in memory: a new epoch each start, everything gone
// with the process. Calls are answered within the call; the listener is called
// on the threads of those who append, one at a time.
std::unique_ptr<Store> NewMemoryStore(MemoryStoreOptions options,
                                      Store::Listener listener);

}  // namespace sluice
