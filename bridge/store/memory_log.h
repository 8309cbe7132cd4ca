#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "bridge/store/memory_budget.h"
#include "bridge/store/memory_store.h"
#include "bridge/store/merged_read.h"
#include "bridge/store/topic_directory.h"

namespace sluice {

// What a memory store keeps, and what becomes of it: the topics that share its
// log and its memory. Methods with names of Store's do what Store says.
//
// It has no clock: what time it is, it is told by CatchUp, before each call.
//
// Thread safety: none; the store's lock guards it.
class MemoryLog {
 public:
  // `options` must outlive it.
  explicit MemoryLog(const MemoryStoreOptions& options)
      : options_(options), budget_(options.memory_limit) {}
  MemoryLog(const MemoryLog&) = delete;
  MemoryLog& operator=(const MemoryLog&) = delete;

  // Does what has fallen due by `now`.
  void CatchUp(absl::Time now);

  // When something falls due next; InfiniteFuture if nothing does.
  absl::Time next_due() const {
    return timers_.empty() ? absl::InfiniteFuture() : timers_.begin()->first;
  }

  // What was stored and has not been taken from here to the listener.
  std::vector<EntryRef>& committed() { return committed_; }

  Offset visible_end() const { return last_offset_; }

  absl::StatusOr<Store::Appended> Append(Store::AppendRequest request);
  void Release(const std::string& topic, Store::Lease lease,
               absl::Duration grace);
  void Watch(const Selector& selector);
  // Lets nothing fall due, so it takes the time in place of a CatchUp.
  void Unwatch(const Selector& selector, absl::Time now);
  Store::Description Describe(const std::string& topic, const std::string& id,
                              uint64_t last) const;
  Store::Overview DescribeAll(const Selector& selector, uint64_t last) const {
    return Merged().Describe(selector, last);
  }
  Store::Segment Read(const Selector& selector, Offset after,
                      size_t max_bytes) const {
    return Merged().Read(selector, after, max_bytes);
  }
  Store::Listing List(const std::string& pattern, const std::string& after,
                      size_t limit) const;
  absl::StatusOr<TopicInfo> Create(const std::string& topic,
                                   TopicSettings settings, bool replace_ended);
  absl::Status Delete(const std::string& topic);
  Store::Size Measure() const { return {directory_.size(), budget_.bytes()}; }

 private:
  MergedRead Merged() const {
    return MergedRead(directory_, forgotten_, losses_, last_offset_, now_);
  }

  absl::StatusOr<TopicLog*> Make(const std::string& topic,
                                 TopicSettings settings, Offset gone_through);
  absl::Status CheckAppend(const Store::AppendRequest& request,
                           const TopicLog* log) const;
  void AddEnd(TopicLog& log, End end);
  void Erase(TopicLog& log);

  // `log` has changed: counts it, makes room, and sets its timer.
  void Settle(TopicLog& log);
  void CountLoss(TopicLog& log);

  // What a topic waits for: its first event's expiry, the end of a grace, or
  // being forgotten.
  void SetTimer(TopicLog& log);
  void DropTimer(TopicLog& log);
  void OnTimer(TopicLog& log);
  absl::Time ForgetAt(const TopicLog& log) const;

  const MemoryStoreOptions& options_;
  absl::Time now_ = absl::InfinitePast();
  TopicDirectory directory_;
  MemoryBudget budget_;
  Offset last_offset_ = 0;
  Hole forgotten_;  // the last entry of any topic that is forgotten
  uint64_t losses_ = 0;
  std::vector<EntryRef> committed_;
  absl::btree_set<std::pair<absl::Time, TopicLog*>> timers_;
};

}  // namespace sluice
