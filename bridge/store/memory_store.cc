#include "bridge/store/memory_store.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/mutex.h"
#include "bridge/store/memory_budget.h"
#include "bridge/store/merged_read.h"
#include "bridge/store/topic_directory.h"
#include "bridge/store/topic_log.h"

namespace sluice {
namespace {

// How many names a call of List looks at.
constexpr size_t kNamesAList = 10000;

// How many entries there is always room for on their way to the listener.
constexpr size_t kKeptBatch = 1024;

// One lock for the whole log is what makes its visible end: offsets are given
// and entries stored under it. What is stored waits in committed_ for the
// listener, which one thread at a time calls without the lock, in order:
// whoever finds nobody delivering delivers for all.
class MemoryStore final : public Store {
 public:
  MemoryStore(MemoryStoreOptions options, Listener listener)
      : options_(std::move(options)),
        listener_(std::move(listener)),
        budget_(options_.memory_limit),
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
      const absl::Time now = CatchUpLocked();
      appended = AppendLocked(std::move(request), now);
    }
    Deliver();
    done(std::move(appended));
  }

  void Release(const std::string& topic, Lease lease,
               absl::Duration grace) override {
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      if (TopicLog* log = FindLocked(topic)) {
        const absl::Time now = Now();
        log->Release(lease, now + grace);
        log->Touch(now);
        SetTimerLocked(*log);
      }
    }
    Deliver();
  }

  void Watch(const Selector& selector,
             std::function<void(Offset)> ready) override {
    Offset visible_end;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      for (const std::string& name : selector.names()) directory_.Watch(name);
      visible_end = last_offset_;
    }
    Deliver();
    ready(visible_end);
  }

  void Unwatch(const Selector& selector) override {
    MutexLock lock(mutex_);
    for (const std::string& name : selector.names()) {
      if (!directory_.Unwatch(name)) continue;
      if (TopicLog* log = FindLocked(name)) {
        log->Touch(Now());
        SetTimerLocked(*log);
      }
    }
  }

  void Describe(const std::string& topic, const std::string& id, uint64_t last,
                std::function<void(Description)> done) override {
    Description description;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      description.visible_end = last_offset_;
      description.before_last = last_offset_;
      description.lost.gone_through = forgotten_.lost.gone_through;
      if (const TopicLog* log = FindLocked(topic)) {
        description.info = log->Info();
        description.settings = log->settings();
        description.lost = log->lost();
        description.before_last = log->BeforeLast(last, last_offset_);
        if (!id.empty()) description.found = log->Find(id);
      } else {
        description.settings = options_.rules.For(topic);
      }
    }
    Deliver();
    done(std::move(description));
  }

  void DescribeAll(const Selector& selector, uint64_t last,
                   std::function<void(Overview)> done) override {
    Overview overview;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      overview = merge().Describe(selector, last);
    }
    Deliver();
    done(std::move(overview));
  }

  void Read(const Selector& selector, Offset after, size_t max_bytes,
            std::function<void(Segment)> done) override {
    Segment segment;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      segment = merge().Read(selector, after, max_bytes);
    }
    Deliver();
    done(std::move(segment));
  }

  void List(const std::string& pattern, const std::string& after, size_t limit,
            std::function<void(Listing)> done) override {
    Listing listing;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      listing = ListLocked(pattern, after, limit);
    }
    Deliver();
    done(std::move(listing));
  }

  void Create(const std::string& topic, TopicSettings settings,
              bool replace_ended,
              std::function<void(absl::StatusOr<TopicInfo>)> done) override {
    absl::StatusOr<TopicInfo> created;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      created = CreateLocked(topic, settings, replace_ended);
    }
    Deliver();
    done(std::move(created));
  }

  void Measure(std::function<void(Size)> done) override {
    Size size;
    {
      MutexLock lock(mutex_);
      size = {directory_.size(), budget_.bytes()};
    }
    done(size);
  }

  void Delete(const std::string& topic,
              std::function<void(absl::Status)> done) override {
    absl::Status status;
    {
      MutexLock lock(mutex_);
      CatchUpLocked();
      status = DeleteLocked(topic);
    }
    Deliver();
    done(std::move(status));
  }

 private:
  // Wall-clock time that does not jump: ages and graces are spans.
  absl::Time Now() const {
    if (options_.now) return options_.now();
    return start_time_ +
           absl::FromChrono(std::chrono::steady_clock::now() - start_steady_);
  }

  TopicLog* FindLocked(const std::string& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return directory_.Find(topic);
  }

  MergedRead merge() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return MergedRead(directory_, forgotten_, losses_, last_offset_, Now());
  }

  absl::StatusOr<TopicLog*> MakeLocked(const std::string& topic,
                                       TopicSettings settings,
                                       Offset gone_through)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Appended> AppendLocked(AppendRequest request, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckAppendLocked(const AppendRequest& request,
                                 const TopicLog* log) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndLocked(TopicLog& log, End end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Listing ListLocked(const std::string& pattern, const std::string& after,
                     size_t limit) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<TopicInfo> CreateLocked(const std::string& topic,
                                         TopicSettings settings,
                                         bool replace_ended)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status DeleteLocked(const std::string& topic)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // `log` has changed: counts it, makes room, and sets its timer.
  void SettleLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountLossLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time ForgetAtLocked(const TopicLog& log) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EraseLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetTimerLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropTimerLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Does what has fallen due: nothing depends on when the timer's thread comes
  // round to it. Returns what time it is.
  absl::Time CatchUpLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnTimerLocked(TopicLog& log) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
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
  TopicDirectory directory_ ABSL_GUARDED_BY(mutex_);
  MemoryBudget budget_ ABSL_GUARDED_BY(mutex_);
  Offset last_offset_ ABSL_GUARDED_BY(mutex_) = 0;
  // The last entry of any topic that is forgotten.
  Hole forgotten_ ABSL_GUARDED_BY(mutex_);
  uint64_t losses_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<EntryRef> committed_ ABSL_GUARDED_BY(mutex_);
  bool delivering_ ABSL_GUARDED_BY(mutex_) = false;

  // What topics wait for: the first event's expiry, the end of a grace, or
  // being forgotten.
  absl::btree_set<std::pair<absl::Time, TopicLog*>> timers_
      ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  CondVar timers_changed_;
  std::thread timer_thread_;  // last: it uses all of the above
};

absl::StatusOr<TopicLog*> MemoryStore::MakeLocked(const std::string& topic,
                                                  TopicSettings settings,
                                                  Offset gone_through) {
  if (directory_.size() >= options_.max_topics) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the server has max_topics, ", options_.max_topics, ", topics"));
  }
  auto log = std::make_unique<TopicLog>(topic, settings, gone_through, Now());
  if (!budget_.CouldFit(log->OwnBytes())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there is no room for another topic in memory_limit, ",
                     budget_.limit()));
  }
  TopicLog* made = log.get();
  directory_.Add(std::move(log));
  SettleLocked(*made);
  return made;
}

absl::Status MemoryStore::CheckAppendLocked(const AppendRequest& request,
                                            const TopicLog* log) const {
  if (log == nullptr && !request.make_topic &&
      !directory_.IsWatched(request.topic)) {
    return absl::NotFoundError(
        absl::StrCat("topic ", request.topic, " is not there"));
  }
  if (log != nullptr && log->end() != nullptr) {
    if (!request.make_topic && log->deleted()) {
      return absl::NotFoundError(
          absl::StrCat("topic ", request.topic, " is deleted"));
    }
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
      log == nullptr ? options_.rules.For(request.topic) : log->settings();
  const uint64_t topic_bytes =
      log == nullptr ? TopicLog::OwnBytesOf(request.topic) : 0;
  for (const EventDraft& draft : request.events) {
    const bool duplicate =
        log != nullptr && !draft.id.empty() && log->Find(draft.id);
    if (duplicate) continue;
    if (draft.size_bytes() > settings.retention_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("an event of ", draft.size_bytes(),
                       " bytes is larger than the topic's retention_bytes, ",
                       settings.retention_bytes));
    }
    if (!budget_.CouldFit(topic_bytes + TopicLog::BytesOf(draft))) {
      return absl::ResourceExhaustedError(
          absl::StrCat("there is no room for an event of ", draft.size_bytes(),
                       " bytes in memory_limit, ", budget_.limit()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Store::Appended> MemoryStore::AppendLocked(AppendRequest request,
                                                          absl::Time now) {
  TopicLog* log = FindLocked(request.topic);
  // First all that can fail, so that a refused request leaves nothing behind.
  if (absl::Status status = CheckAppendLocked(request, log); !status.ok())
    return status;
  if (log == nullptr) {
    const bool nothing_to_keep =
        request.events.empty() && !request.end &&
        !(request.lease && request.lease->fail_on_abort);
    if (nothing_to_keep) return Appended{};
    absl::StatusOr<TopicLog*> made =
        MakeLocked(request.topic, options_.rules.For(request.topic),
                   forgotten_.lost.gone_through);
    if (!made.ok()) return made.status();
    log = *made;
  }

  log->Claim(request.lease);
  log->Touch(now);
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
  SettleLocked(*log);
  return appended;
}

void MemoryStore::EndLocked(TopicLog& log, End end) {
  committed_.push_back(std::make_shared<const Entry>(
      ++last_offset_, Now(), log.name(), std::move(end),
      log.settings().omit_done_marker));
  log.Add(committed_.back());
}

Store::Listing MemoryStore::ListLocked(const std::string& pattern,
                                       const std::string& after, size_t limit) {
  const absl::string_view prefix =
      absl::string_view(pattern).substr(0, pattern.find_first_of("*>"));
  const bool is_name = prefix.size() == pattern.size();
  const auto names =
      directory_.NamesAfter(after, prefix, is_name ? 1 : kNamesAList);
  Listing listing;
  for (const auto& [name, log] : names) {
    if (listing.topics.size() == limit) return listing;
    listing.next = std::string(name);
    if (!Matches(pattern, name)) continue;
    if (log == nullptr) {
      listing.topics.push_back(
          {std::string(name), absl::nullopt, options_.rules.For(name)});
    } else if (is_name ? !log->deleted() : !log->IsTombstone(Now())) {
      listing.topics.push_back(
          {std::string(name), log->Info(), log->settings()});
    }
  }
  if (names.size() < kNamesAList) listing.next.clear();
  return listing;
}

absl::StatusOr<TopicInfo> MemoryStore::CreateLocked(const std::string& topic,
                                                    TopicSettings settings,
                                                    bool replace_ended) {
  Offset gone_through = forgotten_.lost.gone_through;
  if (TopicLog* log = FindLocked(topic)) {
    if (log->end() == nullptr)
      return absl::AlreadyExistsError(
          absl::StrCat("topic ", topic, " is there and open"));
    if (!replace_ended && !log->IsTombstone(Now()))
      return absl::AlreadyExistsError(
          absl::StrCat("topic ", topic, " is there and has ended"));
    gone_through = log->last();
    EraseLocked(*log);
  }
  absl::StatusOr<TopicLog*> made = MakeLocked(topic, settings, gone_through);
  if (!made.ok()) return made.status();
  return (*made)->Info();
}

absl::Status MemoryStore::DeleteLocked(const std::string& topic) {
  TopicLog* log = FindLocked(topic);
  if (log == nullptr && directory_.IsWatched(topic)) {
    absl::StatusOr<TopicLog*> made = MakeLocked(
        topic, options_.rules.For(topic), forgotten_.lost.gone_through);
    if (!made.ok()) return made.status();
    log = *made;
  }
  if (log == nullptr || log->deleted()) {
    return absl::NotFoundError(absl::StrCat("topic ", topic, " is not there"));
  }
  if (log->end() == nullptr) {
    EndLocked(*log, End{Failure{static_cast<int>(absl::StatusCode::kNotFound),
                                "the topic was deleted"}});
  }
  log->Delete(Now());
  SettleLocked(*log);
  return absl::OkStatus();
}

void MemoryStore::SettleLocked(TopicLog& log) {
  budget_.Update(log);
  CountLossLocked(log);
  SetTimerLocked(log);
  while (budget_.exceeded()) {
    TopicLog* giver = budget_.Next(log);
    if (giver == nullptr) return;
    if (giver->end() != nullptr && giver != &log) {
      giver->DropAll(Now());
    } else {
      giver->DropOldest(Now());
    }
    budget_.Update(*giver);
    CountLossLocked(*giver);
    SetTimerLocked(*giver);
  }
}

void MemoryStore::CountLossLocked(TopicLog& log) {
  const Offset through = log.lost().through();
  if (through == log.counted_lost) return;
  log.counted_lost = through;
  log.loss_number = ++losses_;
}

absl::Time MemoryStore::ForgetAtLocked(const TopicLog& log) const {
  if (!log.empty()) return absl::InfiniteFuture();
  if (log.end() != nullptr) return log.tombstone_at() + options_.tombstone_ttl;
  if (log.held() || log.fails_at() != absl::InfiniteFuture() ||
      directory_.IsWatched(*log.name()))
    return absl::InfiniteFuture();
  return log.idle_since() + options_.idle_topic_ttl;
}

void MemoryStore::EraseLocked(TopicLog& log) {
  budget_.Remove(log);
  DropTimerLocked(log);
  directory_.Remove(log);
}

void MemoryStore::DropTimerLocked(TopicLog& log) {
  if (log.timer == absl::InfiniteFuture()) return;
  timers_.erase({log.timer, &log});
  log.timer = absl::InfiniteFuture();
}

void MemoryStore::SetTimerLocked(TopicLog& log) {
  const absl::Time at =
      std::min({log.NextExpiry(), log.fails_at(), ForgetAtLocked(log)});
  // A timer that is due too early sets itself anew: cheaper than moving it with
  // every event that is trimmed.
  if (at >= log.timer) return;
  DropTimerLocked(log);
  log.timer = at;
  timers_.emplace(at, &log);
  if (timers_.begin()->second == &log) timers_changed_.NotifyAll();
}

void MemoryStore::OnTimerLocked(TopicLog& log) {
  const absl::Time now = Now();
  DropTimerLocked(log);
  if (log.fails_at() <= now) {
    EndLocked(log, End{Failure{static_cast<int>(absl::StatusCode::kAborted),
                               "producer lost"}});
  }
  log.Trim(now);
  if (ForgetAtLocked(log) <= now) {
    // One that is a new life, and has no entry yet, leaves what the last lost.
    forgotten_.lost.gone_through = std::max(
        {forgotten_.lost.gone_through, log.last(), log.lost().through()});
    forgotten_.number = ++losses_;
    EraseLocked(log);
  } else {
    SettleLocked(log);
  }
}

absl::Time MemoryStore::CatchUpLocked() {
  const absl::Time now = Now();
  while (!timers_.empty() && timers_.begin()->first <= now)
    OnTimerLocked(*timers_.begin()->second);
  return now;
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
      CatchUpLocked();
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
      batch.swap(committed_);
      mutex_.Unlock();
      listener_(batch);
      batch.clear();
      mutex_.Lock();
      // Its memory serves the next, unless that would be much to keep.
      if (committed_.empty() && batch.capacity() <= kKeptBatch)
        committed_.swap(batch);
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
