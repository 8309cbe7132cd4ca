#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "tests/bench/load/publisher.h"

namespace sluice::bench {

// What is published: request after request, to one topic after the other, from
// the first again behind the last.
struct PublishPlan {
  std::string topic = "bench";  // `{n}` is the topic's number
  uint64_t topics = 1;
  uint64_t first_number = 0;  // of the events of each topic
  uint64_t requests = 0;
  int64_t most_us = 0;  // stops after it; 0: when all are out
  uint64_t events_a_request = 1;
  size_t event_bytes = 100;
  bool end = false;  // the last request of each topic ends it

  // The pace: so many requests at a time; 0 us: as fast as it goes.
  uint64_t requests_a_tick = 1;
  int64_t tick_us = 0;

  // Waits before a request until this says so. Null: does not wait.
  std::function<bool(uint64_t published_requests)> may_go_on;
};

struct Published {
  absl::Status status;
  uint64_t requests = 0;
  uint64_t events = 0;
  int64_t us = 0;       // from the first until the server had all
  int64_t late_us = 0;  // the most that a tick was late
};

Published Run(const PublishPlan& plan, Publisher& publisher);

}  // namespace sluice::bench
