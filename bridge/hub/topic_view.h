#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "bridge/base/mutex.h"
#include "bridge/event/entry.h"
#include "bridge/event/selector.h"

namespace sluice {

class Hub;
class TopicView;

// Where commits wait for one loop. A commit marks the view and wakes the loop,
// once until the loop has looked.
//
// Thread safety: any thread may mark; RunMarked is the loop's.
// Lifetime: must outlive the views made with it.
class LoopInbox {
 public:
  // `wake` makes the loop call RunMarked soon; called on any thread,
  // under the hub's lock: it calls nothing back, and takes no time.
  explicit LoopInbox(std::function<void()> wake) : wake_(std::move(wake)) {}
  LoopInbox(const LoopInbox&) = delete;
  LoopInbox& operator=(const LoopInbox&) = delete;

  // Calls the `on_news` of each view that has something new, in the order in
  // which they got it. None of them may destroy a view.
  void RunMarked();

  void Wake() const { wake_(); }

 private:
  friend class TopicView;

  const std::function<void()> wake_;
  Mutex mutex_;
  std::vector<TopicView*> marked_ ABSL_GUARDED_BY(mutex_);
};

// What one loop hears of one selector, mostly of one topic: the entries
// committed since it looked last, complete from a place on. Made by Hub::Watch.
//
// Bounded: a loop that does not look for long is left with the newest entries,
// and reads what it missed from the store.
//
// Thread safety: all public methods are the loop's.
// Lifetime: the hub and the inbox must outlive it.
class TopicView {
 public:
  // All entries that are selected in (from, to].
  struct Tail {
    Offset from = 0;
    Offset to = 0;
    std::vector<EntryRef> entries;
  };

  // How much waits for a loop at the most.
  static constexpr size_t kMaxWaitingBytes = 1 << 20;
  static constexpr size_t kMaxWaitingEntries = 4096;

  TopicView(Hub& hub, Selector selector, LoopInbox& inbox,
            std::function<void()> on_news, uint64_t id);
  ~TopicView();
  TopicView(const TopicView&) = delete;
  TopicView& operator=(const TopicView&) = delete;

  const Selector& selector() const { return selector_; }

  // What has come since the last call; its `from` is the `to` of the last one,
  // unless the view had to let go of some.
  Tail Take();

  // `change` streams of this loop have begun to read what is selected, or have
  // ceased to.
  void CountSubscribers(int change);

 private:
  friend class Hub;
  friend class LoopInbox;

  // Any thread, with the hub's lock held. Adds `entries`, all of one topic,
  // passing over those that are not newer than what is here. True if the loop
  // must be woken.
  bool Add(absl::Span<const EntryRef> entries);

  // The place from which the view is complete.
  void SetStart(Offset visible_end);

  Hub& hub_;
  const Selector selector_;
  LoopInbox& inbox_;
  const std::function<void()> on_news_;
  const uint64_t id_;
  int64_t subscribers_ = 0;  // the hub's lock guards it

  Tail waiting_ ABSL_GUARDED_BY(inbox_.mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(inbox_.mutex_) = 0;
  bool marked_ ABSL_GUARDED_BY(inbox_.mutex_) = false;
};

}  // namespace sluice
