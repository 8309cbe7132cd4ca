#include "bridge/store/memory_log.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// How many names a call of List looks at.
constexpr size_t kNamesAList = 10000;

}  // namespace

void MemoryLog::CatchUp(absl::Time now) {
  now_ = now;
  while (next_due() <= now_) OnTimer(*timers_.begin()->second);
}

absl::StatusOr<TopicLog*> MemoryLog::Make(const std::string& topic,
                                          TopicSettings settings,
                                          Offset gone_through) {
  if (directory_.size() >= options_.max_topics) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the server has max_topics, ", options_.max_topics, ", topics"));
  }
  auto log = std::make_unique<TopicLog>(topic, settings, gone_through, now_);
  if (!budget_.CouldFit(log->OwnBytes())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there is no room for another topic in memory_limit, ",
                     budget_.limit()));
  }
  TopicLog* made = log.get();
  directory_.Add(std::move(log));
  Settle(*made);
  return made;
}

absl::Status MemoryLog::CheckAppend(const Store::AppendRequest& request,
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

absl::StatusOr<Store::Appended> MemoryLog::Append(
    Store::AppendRequest request) {
  TopicLog* log = directory_.Find(request.topic);
  // First all that can fail, so that a refused request leaves nothing behind.
  if (absl::Status status = CheckAppend(request, log); !status.ok())
    return status;
  if (log == nullptr) {
    const bool nothing_to_keep =
        request.events.empty() && !request.end &&
        !(request.lease && request.lease->fail_on_abort);
    if (nothing_to_keep) return Store::Appended{};
    absl::StatusOr<TopicLog*> made =
        Make(request.topic, options_.rules.For(request.topic),
             forgotten_.lost.gone_through);
    if (!made.ok()) return made.status();
    log = *made;
  }

  log->Claim(request.lease);
  log->Touch(now_);
  Store::Appended appended;
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
        last_offset_, now_, log->name(), std::move(draft)));
    log->Add(committed_.back());
  }
  if (request.end) {
    if (log->end() == nullptr) AddEnd(*log, std::move(*request.end));
    appended.last = log->end()->offset();
  }
  log->Trim(now_);
  Settle(*log);
  return appended;
}

void MemoryLog::AddEnd(TopicLog& log, End end) {
  committed_.push_back(std::make_shared<const Entry>(
      ++last_offset_, now_, log.name(), std::move(end),
      log.settings().omit_done_marker));
  log.Add(committed_.back());
}

void MemoryLog::Release(const std::string& topic, Store::Lease lease,
                        absl::Duration grace) {
  TopicLog* log = directory_.Find(topic);
  if (log == nullptr) return;
  log->Release(lease, now_ + grace);
  log->Touch(now_);
  SetTimer(*log);
}

void MemoryLog::Watch(const Selector& selector) {
  for (const std::string& name : selector.names()) directory_.Watch(name);
}

void MemoryLog::Unwatch(const Selector& selector, absl::Time now) {
  for (const std::string& name : selector.names()) {
    if (!directory_.Unwatch(name)) continue;
    if (TopicLog* log = directory_.Find(name)) {
      log->Touch(now);
      SetTimer(*log);
    }
  }
}

Store::Description MemoryLog::Describe(const std::string& topic,
                                       const std::string& id,
                                       uint64_t last) const {
  Store::Description description;
  description.visible_end = last_offset_;
  description.before_last = last_offset_;
  description.lost.gone_through = forgotten_.lost.gone_through;
  if (const TopicLog* log = directory_.Find(topic)) {
    description.info = log->Info();
    description.settings = log->settings();
    description.lost = log->lost();
    description.before_last = log->BeforeLast(last, last_offset_);
    if (!id.empty()) description.found = log->Find(id);
  } else {
    description.settings = options_.rules.For(topic);
  }
  return description;
}

Store::Listing MemoryLog::List(const std::string& pattern,
                               const std::string& after, size_t limit) const {
  const absl::string_view prefix =
      absl::string_view(pattern).substr(0, pattern.find_first_of("*>"));
  const bool is_name = prefix.size() == pattern.size();
  const auto names =
      directory_.NamesAfter(after, prefix, is_name ? 1 : kNamesAList);
  Store::Listing listing;
  for (const auto& [name, log] : names) {
    if (listing.topics.size() == limit) return listing;
    listing.next = std::string(name);
    if (!Matches(pattern, name)) continue;
    if (log == nullptr) {
      listing.topics.push_back(
          {std::string(name), absl::nullopt, options_.rules.For(name)});
    } else if (is_name ? !log->deleted() : !log->IsTombstone(now_)) {
      listing.topics.push_back(
          {std::string(name), log->Info(), log->settings()});
    }
  }
  if (names.size() < kNamesAList) listing.next.clear();
  return listing;
}

absl::StatusOr<TopicInfo> MemoryLog::Create(const std::string& topic,
                                            TopicSettings settings,
                                            bool replace_ended) {
  Offset gone_through = forgotten_.lost.gone_through;
  if (TopicLog* log = directory_.Find(topic)) {
    if (log->end() == nullptr)
      return absl::AlreadyExistsError(
          absl::StrCat("topic ", topic, " is there and open"));
    if (!replace_ended && !log->IsTombstone(now_))
      return absl::AlreadyExistsError(
          absl::StrCat("topic ", topic, " is there and has ended"));
    gone_through = log->last();
    Erase(*log);
  }
  absl::StatusOr<TopicLog*> made = Make(topic, settings, gone_through);
  if (!made.ok()) return made.status();
  return (*made)->Info();
}

absl::Status MemoryLog::Delete(const std::string& topic) {
  TopicLog* log = directory_.Find(topic);
  if (log == nullptr && directory_.IsWatched(topic)) {
    absl::StatusOr<TopicLog*> made =
        Make(topic, options_.rules.For(topic), forgotten_.lost.gone_through);
    if (!made.ok()) return made.status();
    log = *made;
  }
  if (log == nullptr || log->deleted()) {
    return absl::NotFoundError(absl::StrCat("topic ", topic, " is not there"));
  }
  if (log->end() == nullptr) {
    AddEnd(*log, End{Failure{static_cast<int>(absl::StatusCode::kNotFound),
                             "the topic was deleted"}});
  }
  log->Delete(now_);
  Settle(*log);
  return absl::OkStatus();
}

void MemoryLog::Settle(TopicLog& log) {
  budget_.Update(log);
  CountLoss(log);
  SetTimer(log);
  while (budget_.exceeded()) {
    TopicLog* giver = budget_.Next(log);
    if (giver == nullptr) return;
    if (giver->end() != nullptr && giver != &log) {
      giver->DropAll(now_);
    } else {
      giver->DropOldest(now_);
    }
    budget_.Update(*giver);
    CountLoss(*giver);
    SetTimer(*giver);
  }
}

void MemoryLog::CountLoss(TopicLog& log) {
  const Offset through = log.lost().through();
  if (through == log.counted_lost) return;
  log.counted_lost = through;
  log.loss_number = ++losses_;
}

void MemoryLog::Erase(TopicLog& log) {
  budget_.Remove(log);
  DropTimer(log);
  directory_.Remove(log);
}

void MemoryLog::SetTimer(TopicLog& log) {
  const absl::Time at =
      std::min({log.NextExpiry(), log.fails_at(), ForgetAt(log)});
  // A timer that is due too early sets itself anew: cheaper than moving it with
  // every event that is trimmed.
  if (at >= log.timer) return;
  DropTimer(log);
  log.timer = at;
  timers_.emplace(at, &log);
}

void MemoryLog::DropTimer(TopicLog& log) {
  if (log.timer == absl::InfiniteFuture()) return;
  timers_.erase({log.timer, &log});
  log.timer = absl::InfiniteFuture();
}

void MemoryLog::OnTimer(TopicLog& log) {
  DropTimer(log);
  if (log.fails_at() <= now_) {
    AddEnd(log, End{Failure{static_cast<int>(absl::StatusCode::kAborted),
                            "producer lost"}});
  }
  log.Trim(now_);
  if (ForgetAt(log) <= now_) {
    // One that is a new life, and has no entry yet, leaves what the last lost.
    forgotten_.lost.gone_through = std::max(
        {forgotten_.lost.gone_through, log.last(), log.lost().through()});
    forgotten_.number = ++losses_;
    Erase(log);
  } else {
    Settle(log);
  }
}

absl::Time MemoryLog::ForgetAt(const TopicLog& log) const {
  if (!log.empty()) return absl::InfiniteFuture();
  if (log.end() != nullptr) return log.tombstone_at() + options_.tombstone_ttl;
  if (log.held() || log.fails_at() != absl::InfiniteFuture() ||
      directory_.IsWatched(*log.name()))
    return absl::InfiniteFuture();
  return log.idle_since() + options_.idle_topic_ttl;
}

}  // namespace sluice
