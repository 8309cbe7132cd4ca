#include "bridge/store/memory_budget.h"

namespace sluice {

uint8_t MemoryBudget::BucketOf(uint64_t event_bytes) {
  if (event_bytes == 0) return 0;
  uint8_t bucket = 1;
  for (uint64_t n = event_bytes >> kUnitBits; n != 0; n >>= 1) ++bucket;
  return bucket;
}

void MemoryBudget::Update(TopicLog& log) {
  TopicLog::BudgetPlace& place = log.budget;
  if (!place.counted) own_bytes_ += log.OwnBytes();
  place.counted = true;
  const uint64_t event_bytes = log.EventBytes();
  event_bytes_ += event_bytes - place.event_bytes;
  place.event_bytes = event_bytes;

  if (log.end() != nullptr) {
    Unlist(log);
    if (event_bytes > 0) ended_[log.end()->offset()] = &log;
    return;
  }
  const uint8_t bucket = BucketOf(event_bytes);
  if (bucket == place.bucket) return;
  Unlist(log);
  place.bucket = bucket;
  if (bucket == 0) return;
  place.index = static_cast<uint32_t>(open_[bucket].size());
  open_[bucket].push_back(&log);
}

void MemoryBudget::Unlist(TopicLog& log) {
  TopicLog::BudgetPlace& place = log.budget;
  if (log.end() != nullptr) ended_.erase(log.end()->offset());
  if (place.bucket == 0) return;
  std::vector<TopicLog*>& bucket = open_[place.bucket];
  bucket[place.index] = bucket.back();
  bucket[place.index]->budget.index = place.index;
  bucket.pop_back();
  place.bucket = 0;
}

void MemoryBudget::Remove(TopicLog& log) {
  Unlist(log);
  if (log.budget.counted) own_bytes_ -= log.OwnBytes();
  event_bytes_ -= log.budget.event_bytes;
  log.budget = {};
}

TopicLog* MemoryBudget::Next(const TopicLog& spared) const {
  for (const auto& [end, log] : ended_) {
    if (log != &spared) return log;
  }
  const bool may_give = spared.event_count() > 1;
  for (size_t bucket = kBuckets; bucket > 1; --bucket) {
    const std::vector<TopicLog*>& logs = open_[bucket - 1];
    for (auto log = logs.rbegin(); log != logs.rend(); ++log) {
      if (*log != &spared || may_give) return *log;
    }
  }
  const auto own = ended_.begin();
  return own != ended_.end() && may_give ? own->second : nullptr;
}

}  // namespace sluice
