// The events that wait for their turn on a publishing call, and what is known
// of those that went: plain data behind Publisher's lock.
//
// Threads: none of its own; guarded by its owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/types/optional.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

class PublishQueue {
 public:
  void Add(std::vector<v1::Event> events);

  // What the next request carries: as much of what waits as fits. Empty if
  // nothing waits. Counts as a request, which is to be sent.
  std::vector<v1::Event> NextRequest();

  bool empty() const { return waiting_.empty(); }
  bool has_room() const;

  // See Publisher::EventsBefore.
  absl::optional<std::uint64_t> EventsBefore(std::size_t request,
                                             std::size_t event) const;

 private:
  std::deque<v1::Event> waiting_;
  std::size_t waiting_bytes_ = 0;

  std::uint64_t taken_ = 0;
  // For each of the latest requests, how many events went before it;
  // `first_kept_` is the first of them.
  std::deque<std::uint64_t> starts_;
  std::size_t first_kept_ = 0;
};

}  // namespace sluice
