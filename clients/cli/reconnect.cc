#include "clients/cli/reconnect.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr absl::Duration kMaxRetry = absl::Hours(24);
constexpr absl::Duration kMaxBackoff = absl::Seconds(5);
constexpr double kJitter = 0.2;

}  // namespace

absl::optional<absl::Duration> Reconnect::Lost(
    absl::Time now, absl::optional<absl::Duration> retry, double random) {
  if (options_.at_most <= absl::ZeroDuration()) return absl::nullopt;
  const absl::Duration first =
      std::clamp(retry.value_or(options_.retry), options_.least, kMaxRetry);
  const double stretch = 1 + kJitter * random;
  if (lost_at_ > now) {
    lost_at_ = now;
    wait_ = first;
    // Not cut short by `at_most`: the server knows when it is back.
    return wait_ * stretch;
  }
  const absl::Time last = lost_at_ + options_.at_most;
  if (now >= last) return absl::nullopt;
  wait_ = std::min(wait_ * 2, std::max(kMaxBackoff, first));
  return std::min(wait_ * stretch, last - now);
}

}  // namespace sluice
