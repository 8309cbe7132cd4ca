#include "bridge/store/memory_store.h"

#include <chrono>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "bridge/base/mutex.h"
#include "bridge/store/memory_log.h"

namespace sluice {
namespace {

// How many entries there is always room for on their way to the listener.
constexpr size_t kKeptBatch = 1024;

// One lock for the whole log is what makes its visible end: offsets are given
// and entries stored under it. What is stored waits for the listener, which one
// thread at a time calls without the lock, in order: whoever finds nobody
// delivering delivers for all.
class MemoryStore final : public Store {
 public:
  MemoryStore(MemoryStoreOptions options, Listener listener)
      : options_(std::move(options)),
        listener_(std::move(listener)),
        log_(options_),
        timer_thread_([this] { RunTimers(); }) {}

  ~MemoryStore() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    due_earlier_.NotifyAll();
    timer_thread_.join();
  }

  const Epoch& epoch() const override { return epoch_; }

  void Append(AppendRequest request, AppendDone done) override {
    done(WithLog(
        [&](MemoryLog& log) { return log.Append(std::move(request)); }));
  }

  void Release(const std::string& topic, Lease lease,
               absl::Duration grace) override {
    WithLog([&](MemoryLog& log) { log.Release(topic, lease, grace); });
  }

  void Watch(const Selector& selector,
             std::function<void(Offset)> ready) override {
    ready(WithLog([&](MemoryLog& log) {
      log.Watch(selector);
      return log.visible_end();
    }));
  }

  // Calls nobody: whoever lets go may hold locks.
  void Unwatch(const Selector& selector) override {
    MutexLock lock(mutex_);
    log_.Unwatch(selector, Now());
    NoteDueLocked();
  }

  void Describe(const std::string& topic, const std::string& id, uint64_t last,
                std::function<void(Description)> done) override {
    done(
        WithLog([&](MemoryLog& log) { return log.Describe(topic, id, last); }));
  }

  void DescribeAll(const Selector& selector, uint64_t last,
                   std::function<void(Overview)> done) override {
    done(WithLog(
        [&](MemoryLog& log) { return log.DescribeAll(selector, last); }));
  }

  void Read(const Selector& selector, Offset after, size_t max_bytes,
            std::function<void(Segment)> done) override {
    done(WithLog(
        [&](MemoryLog& log) { return log.Read(selector, after, max_bytes); }));
  }

  void List(const std::string& pattern, const std::string& after, size_t limit,
            std::function<void(Listing)> done) override {
    done(WithLog(
        [&](MemoryLog& log) { return log.List(pattern, after, limit); }));
  }

  void Create(const std::string& topic, TopicSettings settings,
              bool replace_ended,
              std::function<void(absl::StatusOr<TopicInfo>)> done) override {
    done(WithLog([&](MemoryLog& log) {
      return log.Create(topic, settings, replace_ended);
    }));
  }

  void Measure(std::function<void(Size)> done) override {
    Size size;
    {
      MutexLock lock(mutex_);
      size = log_.Measure();
    }
    done(size);
  }

  void Delete(const std::string& topic,
              std::function<void(absl::Status)> done) override {
    done(WithLog([&](MemoryLog& log) { return log.Delete(topic); }));
  }

 private:
  // Wall-clock time that does not jump: ages and graces are spans.
  absl::Time Now() const {
    if (options_.now) return options_.now();
    return start_time_ +
           absl::FromChrono(std::chrono::steady_clock::now() - start_steady_);
  }

  // Uses the log as it is now: nothing depends on when the timers' thread comes
  // round to what is due. Then the listener has heard of it, or will.
  template <typename Use>
  std::invoke_result_t<Use, MemoryLog&> WithLog(Use use) {
    const auto deliver = absl::MakeCleanup([this] { Deliver(); });
    MutexLock lock(mutex_);
    log_.CatchUp(Now());
    return use(log_);
  }

  void Deliver();
  void RunTimers();

  // Has the timers' thread look again if it would sleep for too long.
  void NoteDueLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (log_.next_due() < sleeps_until_) due_earlier_.NotifyAll();
  }

  // Constant after construction.
  const MemoryStoreOptions options_;
  const Listener listener_;
  const Epoch epoch_ = Epoch::Random();
  const absl::Time start_time_ = absl::Now();
  const std::chrono::steady_clock::time_point start_steady_ =
      std::chrono::steady_clock::now();

  Mutex mutex_;
  MemoryLog log_ ABSL_GUARDED_BY(mutex_);
  bool delivering_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // InfinitePast while the timers' thread is awake.
  absl::Time sleeps_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  CondVar due_earlier_;
  std::thread timer_thread_;  // last: it uses all of the above
};

void MemoryStore::Deliver() {
  std::vector<EntryRef> batch;
  mutex_.Lock();
  NoteDueLocked();
  if (!delivering_) {
    delivering_ = true;
    std::vector<EntryRef>& committed = log_.committed();
    while (!committed.empty()) {
      batch.swap(committed);
      mutex_.Unlock();
      listener_(batch);
      batch.clear();
      mutex_.Lock();
      // Its memory serves the next, unless that would be much to keep.
      if (committed.empty() && batch.capacity() <= kKeptBatch)
        committed.swap(batch);
    }
    delivering_ = false;
  }
  mutex_.Unlock();
}

void MemoryStore::RunTimers() {
  mutex_.Lock();
  while (!stopping_) {
    const absl::Time now = Now();
    const absl::Time due = log_.next_due();
    if (due > now) {
      sleeps_until_ = due;
      if (due == absl::InfiniteFuture()) {
        due_earlier_.Wait(mutex_);
      } else {
        due_earlier_.WaitUntil(mutex_,
                               std::chrono::steady_clock::now() +
                                   absl::ToChronoNanoseconds(due - now));
      }
      sleeps_until_ = absl::InfinitePast();
    } else {
      log_.CatchUp(now);
      mutex_.Unlock();
      Deliver();
      mutex_.Lock();
    }
  }
  mutex_.Unlock();
}

}  // namespace

std::unique_ptr<Store> NewMemoryStore(MemoryStoreOptions options,
                                      Store::Listener listener) {
  return std::make_unique<MemoryStore>(std::move(options), std::move(listener));
}

}  // namespace sluice
