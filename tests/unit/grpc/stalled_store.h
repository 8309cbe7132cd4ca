#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "bridge/base/mutex.h"
#include "bridge/store/store.h"

namespace sluice {

// A store that takes requests and answers none of them before Resume, and from
// then on each at once. Counts what waits.
//
// Thread safety: any thread.
class StalledStore final : public Store {
 public:
  struct Waiting {
    size_t requests = 0;
    size_t bytes = 0;  // of events
  };

  const Epoch& epoch() const override { return epoch_; }

  void Append(AppendRequest request, AppendDone done) override {
    {
      MutexLock lock(mutex_);
      ++all_.requests;
      for (const EventDraft& event : request.events) {
        all_.bytes += event.size_bytes();
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
  Waiting all() const {
    MutexLock lock(mutex_);
    return all_;
  }

  void AwaitBytes(size_t bytes) const {
    MutexLock lock(mutex_);
    while (all_.bytes < bytes) changed_.Wait(mutex_);
  }

  void Release(const std::string&, Lease, absl::Duration) override {}
  void Watch(const Selector&, std::function<void(Offset)> ready) override {
    ready(0);
  }
  void Unwatch(const Selector&) override {}
  void DescribeAll(const Selector&, uint64_t,
                   std::function<void(Overview)>) override {}
  void Describe(const std::string&, const std::string&, uint64_t,
                std::function<void(Description)> done) override {
    done(Description());
  }
  void Read(const Selector&, Offset, size_t,
            std::function<void(Segment)> done) override {
    done(Segment());
  }
  void Create(const std::string&, TopicSettings, bool,
              std::function<void(absl::StatusOr<TopicInfo>)> done) override {
    done(TopicInfo());
  }
  void Delete(const std::string&,
              std::function<void(absl::Status)> done) override {
    done(absl::OkStatus());
  }

 private:
  static void Answer(size_t events, const AppendDone& done) {
    Appended appended;
    appended.accepted = events;
    done(appended);
  }

  const Epoch epoch_ = Epoch::Random();
  mutable Mutex mutex_;
  mutable CondVar changed_;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = true;
  Waiting all_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::pair<size_t, AppendDone>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
