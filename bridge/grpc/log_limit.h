#pragma once

#include <chrono>
#include <cstdint>

#include "absl/types/optional.h"
#include "bridge/base/mutex.h"

namespace sluice {

// Lets a few lines of the log through in a while and counts the others, so that
// a flood of what they tell of is not a flood of lines.
//
// Thread safety: any thread.
class LogLimit {
 public:
  using Clock = std::chrono::steady_clock;

  LogLimit(int lines, Clock::duration period)
      : lines_(lines), period_(period) {}

  // How many lines were held back since the last one that was let through, or
  // nothing if this one is to be held back, too.
  absl::optional<uint64_t> Take(Clock::time_point now)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const int lines_;
  const Clock::duration period_;

  Mutex mutex_;
  Clock::time_point until_ ABSL_GUARDED_BY(mutex_);
  int left_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t held_back_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sluice
