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
  TopicLog(std::string name, TopicSettings settings, absl::Time now);
  TopicLog(const TopicLog&) = delete;
  TopicLog& operator=(const TopicLog&) = delete;

  const std::shared_ptr<const std::string>& name() const { return name_; }
  const EntryRef& end() const { return end_; }

  // Where the event with `id` is, or nothing.
  absl::optional<Offset> Find(absl::string_view id) const;

  // Adds an entry with an offset above all others.
  void Add(EntryRef entry);

  // Lets go of what retention does not keep at `now`.
  void Trim(absl::Time now);

  // When Trim has something to do next without another Add; InfiniteFuture if
  // never.
  absl::Time NextExpiry() const;

  const TopicSettings& settings() const { return settings_; }
  TopicInfo Info() const;
  // The place before the last `count` events.
  Offset BeforeLast(uint64_t count, Offset visible_end) const;
  Store::Segment Read(Offset after, size_t max_bytes, Offset visible_end) const;

  // The claim; see Store::Release. Whoever names the topic ends a grace, also
  // without a claim of its own.
  void Claim(const absl::optional<Store::Lease>& lease);
  void Release(Store::Lease lease, absl::Time fails_at);
  absl::Time fails_at() const { return fails_at_; }

  // The store's timer: when it is set for this topic.
  absl::Time timer = absl::InfiniteFuture();

 private:
  size_t size() const { return events_.size() - head_; }
  void DropFirst();

  const std::shared_ptr<const std::string> name_;
  const TopicSettings settings_;
  const absl::Time create_time_;

  // Events from head_ on; the room before it is reused once it is the larger
  // half. A deque would cost an idle topic 600 bytes.
  std::vector<EntryRef> events_;
  size_t head_ = 0;
  uint64_t bytes_ = 0;
  Offset last_ = 0;
  Offset trimmed_through_ = 0;
  EntryRef end_;

  // From ids to the latest event that has them; the keys live in the entries.
  // Most topics have no ids, and no map.
  std::unique_ptr<absl::flat_hash_map<absl::string_view, Offset>> ids_;

  uint64_t holder_ = 0;  // 0: nobody
  absl::Time fails_at_ = absl::InfiniteFuture();
};

}  // namespace sluice
