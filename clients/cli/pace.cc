#include "clients/cli/pace.h"

#include <algorithm>
#include <chrono>

namespace sluice {
namespace {

// What a loop that woke up late may catch up on: poll's timeouts are whole
// milliseconds.
constexpr absl::Duration kSlack = absl::Milliseconds(10);
constexpr absl::Duration kMeterWindow = absl::Seconds(1);

}  // namespace

absl::Time SteadyNow() {
  return absl::UnixEpoch() +
         absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

RateLimiter::RateLimiter(double per_second)
    : interval_(per_second > 0 ? absl::Seconds(1 / per_second)
                               : absl::ZeroDuration()) {}

bool RateLimiter::Take(absl::Time now) {
  if (interval_ == absl::ZeroDuration()) return true;
  if (now < next_) return false;
  next_ = (now - next_ <= kSlack ? next_ : now) + interval_;
  return true;
}

absl::Duration RateLimiter::Wait(absl::Time now) const {
  return std::max(next_ - now, absl::ZeroDuration());
}

double RateMeter::Rate(std::uint64_t count, absl::Time now) {
  if (mark_ == absl::InfinitePast()) {
    mark_ = now;
    mark_count_ = count;
  }
  const absl::Duration passed = now - mark_;
  if (passed >= kMeterWindow) {
    rate_ = static_cast<double>(count - mark_count_) /
            absl::ToDoubleSeconds(passed);
    mark_ = now;
    mark_count_ = count;
  }
  return rate_;
}

}  // namespace sluice
