#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bridge/store/store.h"

namespace sluice {

// What the memory store keeps of one topic: its events, the index of their ids,
// its end, and the claim that a producing call has on it.
//
// Thread safety: none; the store's lock guards it.
class TopicLog {
 public:
  // `gone_through`: see Lost.
  TopicLog(std::string name, TopicSettings settings, Offset gone_through,
           absl::Time now);
  TopicLog(const TopicLog&) = delete;
  TopicLog& operator=(const TopicLog&) = delete;

  const std::shared_ptr<const std::string>& name() const { return name_; }
  const TopicSettings& settings() const { return settings_; }
  const EntryRef& end() const { return end_; }
  bool deleted() const { return deleted_; }
  Offset last() const { return last_; }
  size_t event_count() const { return events_.size() - head_; }
  bool empty() const { return event_count() == 0; }

  // Where the event with `id` is, or nothing.
  absl::optional<Offset> Find(absl::string_view id) const;

  // Adds an entry with an offset above all others.
  void Add(EntryRef entry);

  // Lets go of what retention does not keep at `now`.
  void Trim(absl::Time now);

  // Lets go of the oldest event, or of all, before retention would.
  void DropOldest(absl::Time now);
  void DropAll(absl::Time now);

  // Of an ended topic: lets go of its events for good.
  void Delete(absl::Time now);

  // An ended topic whose events are gone: only its end is left.
  bool IsTombstone(absl::Time now) const { return tombstone_at_ <= now; }

  // When Trim has something to do next without another Add; InfiniteFuture if
  // never.
  absl::Time NextExpiry() const;
  // When it is or will be a tombstone; InfiniteFuture while that is open.
  absl::Time tombstone_at() const { return tombstone_at_; }
  // Since when nobody has done anything with it.
  absl::Time idle_since() const { return idle_since_; }
  void Touch(absl::Time now) { idle_since_ = now; }

  Lost lost() const { return {trimmed_through_, gone_through_}; }
  TopicInfo Info() const;
  // The place before the last `count` events.
  Offset BeforeLast(uint64_t count, Offset visible_end) const;
  // What there is after `after`: events, and then maybe the end.
  absl::Span<const EntryRef> EventsAfter(Offset after) const;
  // Whether a reader at `after` has something to read, or to miss.
  bool HasAfter(Offset after) const {
    return std::max(last_, lost().through()) > after;
  }

  // The claim; see Store::Release. Whoever names the topic ends a grace, also
  // without a claim of its own.
  void Claim(const absl::optional<Store::Lease>& lease);
  void Release(Store::Lease lease, absl::Time fails_at);
  absl::Time fails_at() const { return fails_at_; }
  bool held() const { return holder_ != 0; }

  // What it takes in memory, about: itself, and its events.
  uint64_t OwnBytes() const { return OwnBytesOf(*name_); }
  static uint64_t OwnBytesOf(const std::string& name);
  uint64_t EventBytes() const;
  static uint64_t BytesOf(const EventDraft& draft);

  // The store's: how much of what is lost it has counted, and as which loss.
  Offset counted_lost = 0;
  uint64_t loss_number = 0;

  // The store's timer: when it is set for this topic.
  absl::Time timer = absl::InfiniteFuture();

  // MemoryBudget's: what it has counted of this topic, and where it keeps it.
  struct BudgetPlace {
    uint64_t event_bytes = 0;
    uint32_t index = 0;
    uint8_t bucket = 0;
    bool counted = false;
  };
  BudgetPlace budget;

 private:
  void DropFirst();
  void AfterDrops(absl::Time now);

  const std::shared_ptr<const std::string> name_;
  const TopicSettings settings_;
  const absl::Time create_time_;
  absl::Time idle_since_;

  // Events from head_ on; the room before it is reused once it is the larger
  // half. A deque would cost an idle topic 600 bytes.
  std::vector<EntryRef> events_;
  size_t head_ = 0;
  absl::Time first_time_;  // of the oldest event, which may be cold
  uint64_t bytes_ = 0;
  Offset last_ = 0;
  Offset last_event_ = 0;
  Offset trimmed_through_ = 0;
  Offset gone_through_;
  EntryRef end_;
  bool deleted_ = false;
  absl::Time tombstone_at_ = absl::InfiniteFuture();

  // From ids to the latest event that has them; the keys live in the entries.
  // Most topics have no ids, and no map.
  std::unique_ptr<absl::flat_hash_map<absl::string_view, Offset>> ids_;

  uint64_t holder_ = 0;  // 0: nobody
  absl::Time fails_at_ = absl::InfiniteFuture();
};

}  // namespace sluice
