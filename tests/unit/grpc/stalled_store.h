#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "bridge/base/mutex.h"
#include "tests/unit/grpc/fake_store.h"

namespace sluice {

// A store that takes requests and answers none of them before Resume, and from
// then on each at once. Counts them.
//
// Thread safety: any thread, for what is here.
class StalledStore final : public FakeStore {
 public:
  struct Asked {
    size_t requests = 0;
    size_t bytes = 0;  // of events
  };

  void Append(AppendRequest request, AppendDone done) override {
    {
      MutexLock lock(mutex_);
      ++asked_.requests;
      for (const EventDraft& event : request.events) {
        asked_.bytes += event.size_bytes();
      }
      if (stalled_) {
        waiting_.push_back({request.events.size(), std::move(done)});
        changed_.NotifyAll();
        return;
      }
    }
    Answer(request.events.size(), done);
  }

  void Resume() {
    std::deque<std::pair<size_t, AppendDone>> waiting;
    {
      MutexLock lock(mutex_);
      stalled_ = false;
      waiting.swap(waiting_);
    }
    for (auto& [events, done] : waiting) Answer(events, done);
  }

  // All that it was ever asked to store.
  Asked asked() const {
    MutexLock lock(mutex_);
    return asked_;
  }

  void AwaitBytes(size_t bytes) const {
    MutexLock lock(mutex_);
    while (asked_.bytes < bytes) changed_.Wait(mutex_);
  }

  void Release(const std::string&, Lease, absl::Duration) override {}

 private:
  static void Answer(size_t events, const AppendDone& done) {
    Appended appended;
    appended.accepted = events;
    done(appended);
  }

  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = true;
  Asked asked_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<size_t, AppendDone>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
