#include "bridge/grpc/log_limit.h"

#include <utility>

namespace sluice {

absl::optional<uint64_t> LogLimit::Take(Clock::time_point now) {
  MutexLock lock(mutex_);
  if (now >= until_) {
    until_ = now + period_;
    left_ = lines_;
  }
  if (left_ == 0) {
    ++held_back_;
    return absl::nullopt;
  }
  --left_;
  return std::exchange(held_back_, 0);
}

}  // namespace sluice
