#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "bridge/base/mutex.h"
#include "bridge/event/entry.h"
#include "tests/stress/findings.h"

namespace sluice {

// What a reader must be shown of one entry.
struct LedgerEntry {
  Offset offset = 0;
  bool is_end = false;
  bool silent = false;  // an end that is not told
  std::string id;       // a producer's; empty: none
  uint64_t digest = 0;  // of an event's type and data, of an end's error data
};

uint64_t DigestOf(absl::string_view type, absl::string_view data);

// What the log has of one topic, trimmed events included, in the log's order.
//
// Thread safety: any thread.
class TopicLedger {
 public:
  TopicLedger() = default;
  TopicLedger(const TopicLedger&) = delete;
  TopicLedger& operator=(const TopicLedger&) = delete;

  void Add(const Entry& entry, Findings& findings);

  size_t size() const;
  LedgerEntry At(size_t index) const;

  // The first entry after the place `after`; size() if there is none yet.
  size_t IndexAfter(Offset after) const;
  // The same, once there is one. False if a minute has brought none: readers
  // may be shown an entry before its commit is told, though not for long.
  bool WaitForEntryAfter(Offset after, size_t* index) const;
  // The latest event with a producer's id, once there is one.
  bool WaitForId(const std::string& id, size_t* index) const;

  // How many events there are among the first `count` entries.
  size_t EventsBefore(size_t count) const;

 private:
  size_t IndexAfterLocked(Offset after) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckProducer(absl::string_view data, Findings& findings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  mutable CondVar grown_;
  std::vector<LedgerEntry> entries_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, size_t> ids_ ABSL_GUARDED_BY(mutex_);
  // The number that each producer's next event must have.
  absl::flat_hash_map<std::string, uint64_t> next_ ABSL_GUARDED_BY(mutex_);
};

// The texts of a storm's events: who published it, its number among all that
// producer's events of the topic, and as much padding.
std::string EventText(absl::string_view producer, uint64_t number,
                      size_t padding);

// The truth that readers are held against: the whole log, as the store told it
// commit by commit. Finds fault with the log itself, too: an offset that does
// not rise, an event behind an end, a producer's event that is missing, doubled
// or out of order.
//
// Thread safety: any thread.
class Ledger {
 public:
  explicit Ledger(Findings& findings) : findings_(findings) {}

  // The store's listener.
  void Record(absl::Span<const EntryRef> committed);

  std::shared_ptr<TopicLedger> Open(const std::string& topic);
  // Nobody will ask for `topic` any more.
  void Forget(const std::string& topic);

  uint64_t entries() const;

  // One entry of the whole log.
  struct Line {
    Offset offset = 0;
    std::shared_ptr<const std::string> topic;
    bool is_end = false;
    uint64_t digest = 0;
  };
  // The log after `after`, up to `to`, which is waited for. Only so much of it
  // is remembered: false if `after` is too long ago, or `to` does not come.
  bool LinesAfter(Offset after, Offset to, std::vector<Line>* lines) const;

 private:
  static constexpr size_t kMaxLines = 1000000;

  Findings& findings_;
  mutable Mutex mutex_;
  Offset last_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable CondVar grown_;
  uint64_t entries_ ABSL_GUARDED_BY(mutex_) = 0;
  Offset forgotten_ ABSL_GUARDED_BY(mutex_) = 0;  // of the lines
  std::deque<Line> lines_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::shared_ptr<TopicLedger>> topics_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
