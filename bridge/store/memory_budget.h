#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "bridge/store/topic_log.h"

namespace sluice {

// What the topics of a memory store take together, and which of them gives up
// events first when that is too much: ended ones, oldest end first, then the
// largest, to a factor of two; those with less than 4 KiB count as equal.
//
// Thread safety: none; the store's lock guards it.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  uint64_t limit() const { return limit_; }
  uint64_t bytes() const { return own_bytes_ + event_bytes_; }

  // Whether `bytes` more could be kept if all events went.
  bool CouldFit(uint64_t bytes) const { return own_bytes_ + bytes <= limit_; }

  bool exceeded() const { return bytes() > limit_; }

  // Counts the topic as it is now. O(1) but when it has ended.
  void Update(TopicLog& log);

  // The topic will be gone.
  void Remove(TopicLog& log);

  // Who gives up events next; null if nobody has any. The newest event of
  // `spared` is not given up: it was just published.
  TopicLog* Next(const TopicLog& spared) const;

 private:
  // Events count in units of 4 KiB.
  static constexpr int kUnitBits = 12;
  static constexpr size_t kBuckets = 2 + 64 - kUnitBits;

  static uint8_t BucketOf(uint64_t event_bytes);
  void Unlist(TopicLog& log);

  const uint64_t limit_;
  uint64_t own_bytes_ = 0;    // of the topics themselves
  uint64_t event_bytes_ = 0;  // of their events

  // Ended topics that have events, by their ends.
  std::map<Offset, TopicLog*> ended_;
  // Open topics by the number of bits that their events' units take, and one;
  // the first have no events.
  std::array<std::vector<TopicLog*>, kBuckets> open_;
};

}  // namespace sluice
