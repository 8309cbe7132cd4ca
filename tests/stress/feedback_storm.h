#pragma once

#include <thread>
#include <vector>

#include "tests/stress/dice.h"
#include "tests/stress/storm.h"

namespace sluice {

// The way back, within a storm: threads of calls that listen to the readers of
// topics that nothing is published to, readers that come and go, and readers
// who ask for a stop. Sees that the last interest which each call is told is
// true once nobody comes or goes, and that each stop that was answered reaches
// each call once.
//
// Thread safety: made and destroyed by one thread.
// Lifetime: the storm must outlive it. It ends by itself once the storm calms
// down; the destructor waits for that.
class FeedbackStorm {
 public:
  // `port`: of a gRPC server.
  FeedbackStorm(Storm& storm, int port, uint64_t seed);
  ~FeedbackStorm();
  FeedbackStorm(const FeedbackStorm&) = delete;
  FeedbackStorm& operator=(const FeedbackStorm&) = delete;

 private:
  std::vector<std::thread> threads_;
};

}  // namespace sluice
