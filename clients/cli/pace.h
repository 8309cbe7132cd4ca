// Time in the loops of the commands: a clock that never goes back, the rate of
// events, and its limit.
//
// Threads: one each.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace sluice {

// The time since some fixed point, whatever happens to the wall clock.
absl::Time SteadyNow();

// Lets through so many events a second. Who comes up to 10 ms late may catch
// up; a longer pause earns no burst.
class RateLimiter {
 public:
  // `per_second` above 0; 0: no limit.
  explicit RateLimiter(double per_second);

  // Whether one more event may go now; counts it.
  bool Take(absl::Time now);

  // How long until Take says yes. Zero: now.
  absl::Duration Wait(absl::Time now) const;

 private:
  const absl::Duration interval_;
  absl::Time next_ = absl::InfinitePast();
};

// Events a second over the last second or two.
class RateMeter {
 public:
  // The rate when `count` events have passed by `now`.
  double Rate(std::uint64_t count, absl::Time now);

 private:
  absl::Time mark_ = absl::InfinitePast();
  std::uint64_t mark_count_ = 0;
  double rate_ = 0;
};

}  // namespace sluice
