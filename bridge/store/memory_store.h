#pragma once

#include <memory>

#include "bridge/store/store.h"

namespace sluice {

struct MemoryStoreOptions {
  TopicSettings defaults;
  uint64_t max_topics = 1000000;
};

// A store that keeps its log in memory: a new epoch each start, everything gone
// with the process. Calls are answered within the call; the listener is called
// on the threads of those who append, one at a time.
std::unique_ptr<Store> NewMemoryStore(MemoryStoreOptions options,
                                      Store::Listener listener);

}  // namespace sluice
