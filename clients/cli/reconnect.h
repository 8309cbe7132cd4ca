// When a reader whose connection was lost comes back, and when it gives up.
// Knows neither clock nor socket.
//
// Threads: one.
#pragma once

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sluice {

struct ReconnectOptions {
  // How long after a loss the last attempt may begin. Zero: none is made.
  absl::Duration at_most = absl::Minutes(1);
  // The wait if the server says none: a bridge's own, unless it is set.
  absl::Duration retry = absl::Seconds(2);
  // The shortest wait, whatever the server says.
  absl::Duration least = absl::Milliseconds(100);
};

class Reconnect {
 public:
  explicit Reconnect(const ReconnectOptions& options) : options_(options) {}

  // A connection stands: the next loss is one by itself.
  void Connected() { lost_at_ = absl::InfiniteFuture(); }

  // The connection was lost at `now`, or an attempt to make it failed. Returns
  // how long to wait before the next attempt; none: give up.
  //
  // The first wait is the server's `retry`, up to a fifth longer by `random`,
  // from 0 to 1, so that readers that were lost together do not come back
  // together. Each failed attempt doubles it, up to 5 s or `retry`. The last
  // one begins when the time is up.
  absl::optional<absl::Duration> Lost(absl::Time now,
                                      absl::optional<absl::Duration> retry,
                                      double random);

 private:
  const ReconnectOptions options_;
  // In the future: it is not lost.
  absl::Time lost_at_ = absl::InfiniteFuture();
  absl::Duration wait_;
};

}  // namespace sluice
