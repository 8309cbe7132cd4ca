#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "bridge/base/mutex.h"

namespace sluice {

// How many open publishing calls hold which topics. Filled by the calls, read
// by whoever describes a topic.
//
// Thread safety: all methods may be called from any thread.
// Lifetime: shared with the calls, which may outlive the services until the
// store has answered them.
class Producers {
 public:
  Producers() = default;
  Producers(const Producers&) = delete;
  Producers& operator=(const Producers&) = delete;

  // A call has named `topic`.
  void Add(const std::string& topic);

  // It has finished, or has ended the topic.
  void Remove(const std::string& topic);

  uint64_t Count(const std::string& topic) const;

 private:
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, int64_t> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
