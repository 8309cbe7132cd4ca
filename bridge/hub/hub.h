#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "bridge/base/mutex.h"
#include "bridge/hub/pattern_index.h"
#include "bridge/hub/producers.h"
#include "bridge/hub/topic_view.h"
#include "bridge/store/store.h"

namespace sluice {

// Between the store and the readers: hands each commit to the loops that have
// readers of its topic.
//
// A commit costs a look-up a topic, a walk along its tokens if there are
// patterns, and an inbox entry for each selector of each loop that reads it,
// whatever the number of readers.
//
// Thread safety: all methods may be called from any thread.
// Lifetime: must outlive every view, and the store must outlive the hub's use
// of it. SetStore comes before anything else: the store is made with the hub as
// its listener.
class Hub {
 public:
  Hub() = default;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  void SetStore(Store* store) { store_ = store; }
  Store& store() const { return *store_; }

  // The store's listener.
  void OnCommitted(absl::Span<const EntryRef> committed);

  // A view of `selector` for the loop of `inbox`, which calls `on_news` when
  // there is something to Take. `ready` is called once the view is complete
  // from a place on, maybe within this call and maybe on another thread; not at
  // all if the view is gone by then.
  std::unique_ptr<TopicView> Watch(const Selector& selector, LoopInbox& inbox,
                                   std::function<void()> on_news,
                                   std::function<void()> ready);

  // Who publishes now; those who listen hear of readers that come and go.
  Producers& producers() { return producers_; }

  // How many entries, ends included, have been handed out.
  uint64_t published() const;

  // How many streams read `topic` now, by its name or by patterns.
  uint64_t Subscribers(const std::string& topic) const;

 private:
  friend class TopicView;

  void Leave(const TopicView& view);
  void CountSubscribers(TopicView& view, int change);

  // Those who watch `topic`, each once.
  const std::vector<TopicView*>& WatchersOf(const std::string& topic) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Constant after SetStore.
  Store* store_ = nullptr;

  Producers producers_;

  mutable Mutex mutex_;
  uint64_t published_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_view_id_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint64_t, TopicView*> views_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, std::vector<TopicView*>> by_name_
      ABSL_GUARDED_BY(mutex_);
  PatternIndex by_pattern_ ABSL_GUARDED_BY(mutex_);
  mutable std::vector<TopicView*> found_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
