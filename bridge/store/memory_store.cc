#include "bridge/store/memory_store.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/mutex.h"
#include "bridge/store/topic_log.h"

namespace sluice {
namespace {

// One lock for the whole log is what makes its visible end: offsets are given
// and entries stored under it. What is stored waits in committed_ for the
// listener, which one thread at a time calls without the lock, in order:
// whoever finds nobody delivering delivers for all.
class MemoryStore final : public Store {
 public:
  MemoryStore(MemoryStoreOptions options, Listener listener)
      : options_(std::move(options)),
        listener_(std::move(listener)),
        timer_thread_([this] { RunTimers(); }) {}

  ~MemoryStore() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    timers_changed_.NotifyAll();
    timer_thread_.join();
  }

  const Epoch& epoch() const override { return epoch_; }

  void Append(AppendRequest request, AppendDone done) override {
    absl::StatusOr<Appended> appended;
    {
      MutexLock lock(mutex_);
      appended = AppendLocked(std::move(request));
    }
    Deliver();
    done(std::move(appended));
  }

  void Release(const std::string& topic, Lease lease,
               absl::Duration grace) override {
    MutexLock lock(mutex_);
    if (TopicLog* log = FindLocked(topic)) {
      log->Release(lease, Now() + grace);
      SetTimerLocked(*log);
    }
  }

  void Watch(const std::string& topic,
             std::function<void(Offset)> ready) override {
    Offset visible_end;
    {
      MutexLock lock(mutex_);
      visible_end = last_offset_;
    }
    ready(visible_end);
  }

  void Unwatch(const std::string& topic) override {}

  void Describe(const std::string& topic, const std::string& id, uint64_t last,
                std::function<void(Description)> done) override {
    Description description;
    {
      MutexLock lock(mutex_);
      description.visible_end = last_offset_;
      description.before_last = last_offset_;
      if (const TopicLog* log = FindLocked(topic)) {
        description.info = log->Info();
        description.before_last = log->BeforeLast(last, last_offset_);
        if (!id.empty()) description.found = log->Find(id);
      }
    }
    done(std::move(description));
  }

  void Read(const std::string& topic, Offset after, size_t max_bytes,
            std::function<void(Segment)> done) override {
    Segment segment;
    {
      MutexLock lock(mutex_);
      const TopicLog* log = FindLocked(topic);
      if (log != nullptr) {
        segment = log->Read(after, max_bytes, last_offset_);
      } else {
        segment.reached = std::max(after, last_offset_);
        segment.at_end = true;
      }
    }
    done(std::move(segment));
  }

  void Create(const std::string& topic, TopicSettings settings,
              bool replace_ended,
              std::function<void(absl::StatusOr<TopicInfo>)> done) override {
    done(CreateNow(topic, settings, replace_ended));
  }

 private:
  // Wall-clock time that does not jump: ages and graces are spans.
  absl::Time Now() const {
    return start_time_ +
           absl::FromChrono(std::chrono::steady_clock::now() - start_steady_);
  }

  TopicLog* FindLocked(const std::string& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto it = topics_.find(topic);
    return it == topics_.end() ? nullptr : it->second.get();
  }

  absl::StatusOr<TopicLog*> MakeLocked(const std::string& topic,
                                       TopicSettings settings)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (topics_.size() >= options_.max_topics) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the server has max_topics, ", options_.max_topics, ", topics"));
    }
    auto log = std::make_unique<TopicLog>(topic, settings, Now());
    TopicLog* made = log.get();
    topics_.emplace(topic, std::move(log));
    return made;
  }

  absl::StatusOr<Appended> AppendLocked(AppendRequest request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLocked(TopicLog& log, End end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<TopicInfo> CreateNow(const std::string& topic,
                                      TopicSettings settings,
                                      bool replace_ended);

  void SetTimerLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropTimerLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunTimers();
  void Deliver();

  // Constant after construction.
  const MemoryStoreOptions options_;
  const Listener listener_;
  const Epoch epoch_ = Epoch::Random();
  const absl::Time start_time_ = absl::Now();
  const std::chrono::steady_clock::time_point start_steady_ =
      std::chrono::steady_clock::now();

  Mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<TopicLog>> topics_
      ABSL_GUARDED_BY(mutex_);
  Offset last_offset_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<EntryRef> committed_ ABSL_GUARDED_BY(mutex_);
  bool delivering_ ABSL_GUARDED_BY(mutex_) = false;

  // What topics wait for: the first event's expiry, or the end of a grace.
  std::set<std::pair<absl::Time, TopicLog*>> timers_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  CondVar timers_changed_;
  std::thread timer_thread_;  // last: it uses all of the above
};

absl::StatusOr<Store::Appended> MemoryStore::AppendLocked(
    AppendRequest request) {
  TopicLog* log = FindLocked(request.topic);

  // First all that can fail, so that a refused request leaves nothing behind.
  if (log != nullptr && log->end() != nullptr) {
    for (const EventDraft& draft : request.events) {
      if (draft.id.empty() || !log->Find(draft.id)) {
        return absl::FailedPreconditionError(
            absl::StrCat("topic ", request.topic, " has ended"));
      }
    }
    if (request.end && !(*request.end == log->end()->end())) {
      return absl::FailedPreconditionError(
          absl::StrCat("topic ", request.topic, " has ended otherwise"));
    }
  }
  const TopicSettings& settings =
      log == nullptr ? options_.defaults : log->settings();
  for (const EventDraft& draft : request.events) {
    if (draft.size_bytes() > settings.retention_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("an event of ", draft.size_bytes(),
                       " bytes is larger than the topic's retention_bytes, ",
                       settings.retention_bytes));
    }
  }
  if (log == nullptr) {
    const bool nothing_to_keep =
        request.events.empty() && !request.end &&
        !(request.lease && request.lease->fail_on_abort);
    if (nothing_to_keep) return Appended{};
    absl::StatusOr<TopicLog*> made =
        MakeLocked(request.topic, options_.defaults);
    if (!made.ok()) return made.status();
    log = *made;
  }

  const absl::Time now = Now();
  log->Claim(request.lease);
  Appended appended;
  for (EventDraft& draft : request.events) {
    const absl::optional<Offset> first =
        draft.id.empty() ? absl::nullopt : log->Find(draft.id);
    if (first) {
      ++appended.duplicates;
      appended.last = *first;
      continue;
    }
    appended.last = ++last_offset_;
    ++appended.accepted;
    committed_.push_back(std::make_shared<const Entry>(
        last_offset_, now, log->name(), std::move(draft)));
    log->Add(committed_.back());
  }
  if (request.end) {
    if (log->end() == nullptr) EndLocked(*log, std::move(*request.end));
    appended.last = log->end()->offset();
  }
  log->Trim(now);
  SetTimerLocked(*log);
  return appended;
}

void MemoryStore::EndLocked(TopicLog& log, End end) {
  committed_.push_back(std::make_shared<const Entry>(
      ++last_offset_, Now(), log.name(), std::move(end),
      log.settings().omit_done_marker));
  log.Add(committed_.back());
}

absl::StatusOr<TopicInfo> MemoryStore::CreateNow(const std::string& topic,
                                                 TopicSettings settings,
                                                 bool replace_ended) {
  MutexLock lock(mutex_);
  if (TopicLog* log = FindLocked(topic)) {
    if (log->end() == nullptr)
      return absl::AlreadyExistsError(
          absl::StrCat("topic ", topic, " is there and open"));
    if (!replace_ended)
      return absl::AlreadyExistsError(
          absl::StrCat("topic ", topic, " is there and has ended"));
    DropTimerLocked(*log);
    topics_.erase(topic);
  }
  absl::StatusOr<TopicLog*> made = MakeLocked(topic, settings);
  if (!made.ok()) return made.status();
  return (*made)->Info();
}

void MemoryStore::DropTimerLocked(TopicLog& log) {
  if (log.timer == absl::InfiniteFuture()) return;
  timers_.erase({log.timer, &log});
  log.timer = absl::InfiniteFuture();
}

void MemoryStore::SetTimerLocked(TopicLog& log) {
  const absl::Time at = std::min(log.NextExpiry(), log.fails_at());
  // A timer that is due too early sets itself anew: cheaper than moving it with
  // every event that is trimmed.
  if (at >= log.timer) return;
  DropTimerLocked(log);
  log.timer = at;
  timers_.emplace(at, &log);
  if (timers_.begin()->second == &log) timers_changed_.NotifyAll();
}

void MemoryStore::RunTimers() {
  mutex_.Lock();
  while (!stopping_) {
    const absl::Time now = Now();
    if (timers_.empty()) {
      timers_changed_.Wait(mutex_);
    } else if (timers_.begin()->first > now) {
      timers_changed_.WaitUntil(
          mutex_, std::chrono::steady_clock::now() +
                      absl::ToChronoNanoseconds(timers_.begin()->first - now));
    } else {
      TopicLog& log = *timers_.begin()->second;
      DropTimerLocked(log);
      if (log.fails_at() <= now) {
        EndLocked(log, End{Failure{static_cast<int>(absl::StatusCode::kAborted),
                                   "producer lost"}});
      }
      log.Trim(now);
      SetTimerLocked(log);
      mutex_.Unlock();
      Deliver();
      mutex_.Lock();
    }
  }
  mutex_.Unlock();
}

void MemoryStore::Deliver() {
  std::vector<EntryRef> batch;
  mutex_.Lock();
  if (!delivering_) {
    delivering_ = true;
    while (!committed_.empty()) {
      batch.clear();
      batch.swap(committed_);
      mutex_.Unlock();
      listener_(batch);
      mutex_.Lock();
    }
    delivering_ = false;
  }
  mutex_.Unlock();
}

}  // namespace

std::unique_ptr<Store> NewMemoryStore(MemoryStoreOptions options,
                                      Store::Listener listener) {
  return std::make_unique<MemoryStore>(std::move(options), std::move(listener));
}

}  // namespace sluice
