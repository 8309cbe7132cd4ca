#include "bridge/grpc/publish_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/status_detail.h"

namespace sluice {
namespace {

// What an event takes in memory, about, however small it is on the wire.
constexpr size_t kEventOverheadBytes = 256;

size_t BytesInMemory(const ParsedRequest& parsed,
                     const grpc::ByteBuffer& bytes) {
  return bytes.Length() + parsed.append.events.size() * kEventOverheadBytes;
}

}  // namespace

PublishCall::PublishCall(Hub& hub, const PublishOptions& options,
                         uint64_t holder, bool gives_feedback, Peer& peer)
    : hub_(hub),
      epoch_(hub.store().epoch()),
      options_(options),
      holder_(holder),
      gives_feedback_(gives_feedback),
      peer_(peer),
      parser_(options.max_event_bytes, options.message_types) {}

void PublishCall::Start() { Run(); }

void PublishCall::OnRequest(const grpc::ByteBuffer& bytes) {
  {
    MutexLock lock(mutex_);
    reading_ = false;
    handling_ = !closed_;
    if (!handling_) return;
  }
  auto parsed = parser_.Parse(bytes);
  if (parsed.ok()) {
    const size_t in_memory = BytesInMemory(*parsed, bytes);
    Append(*std::move(parsed), in_memory);
  } else {
    Refuse(parsed.status());
  }
  {
    MutexLock lock(mutex_);
    handling_ = false;
  }
  Run();
}

void PublishCall::OnHalfClose() {
  {
    MutexLock lock(mutex_);
    reading_ = false;
    closed_ = true;
  }
  Run();
}

void PublishCall::OnWritten(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    if (!ok) closed_ = cancelled_ = true;
  }
  Run();
}

void PublishCall::OnCancel() {
  {
    MutexLock lock(mutex_);
    closed_ = cancelled_ = true;
  }
  Run();
}

std::weak_ptr<Producers::Listener> PublishCall::AsListener() {
  if (!gives_feedback_) return {};
  return weak_from_this();
}

void PublishCall::OnInterest(const std::string& topic) {
  {
    MutexLock lock(mutex_);
    const auto held = held_.find(topic);
    if (held == held_.end() || std::exchange(held->second.interest, true))
      return;
    interest_.push_back(topic);
  }
  Run();
}

void PublishCall::OnStop(const std::string& topic, const std::string& reason) {
  {
    MutexLock lock(mutex_);
    const auto held = held_.find(topic);
    if (held == held_.end() || std::exchange(held->second.stop, true)) return;
    stops_.push_back({topic, reason});
  }
  Run();
}

void PublishCall::Append(ParsedRequest parsed, size_t bytes) {
  Store::AppendRequest& append = parsed.append;
  uint64_t request;
  bool is_new;
  {
    MutexLock lock(mutex_);
    // A request that the store has refused meanwhile is the last that counts.
    if (closed_) return;
    const auto [it, inserted] = held_.try_emplace(append.topic);
    is_new = inserted;
    bool& fails = it->second.fails;
    fails = parsed.fail_on_abort.value_or(fails);
    append.lease = Store::Lease{holder_, fails};

    request = totals_.requests + slots_.size();
    Slot& slot = slots_.emplace_back();
    slot.bytes = bytes;
    if (append.end.has_value()) slot.ends = append.topic;
    waiting_bytes_ += bytes;
  }
  if (is_new) {
    hub_.producers().Add(append.topic, AsListener());
    if (gives_feedback_) OnInterest(append.topic);
  }
  hub_.store().Append(std::move(append),
                      [self = shared_from_this(),
                       request](absl::StatusOr<Store::Appended> answer) {
                        self->OnStored(request, std::move(answer));
                      });
}

void PublishCall::Refuse(absl::Status status) {
  MutexLock lock(mutex_);
  slots_.emplace_back().answer = std::move(status);
  closed_ = true;
  // It ends no topic: either it waits, or it is the first of the slots.
  Settle();
}

void PublishCall::OnStored(uint64_t request,
                           absl::StatusOr<Store::Appended> answer) {
  std::vector<std::string> ended;
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    if (!answer.ok()) {
      closed_ = true;
      answer =
          AtField(answer.status(), absl::StrCat("requests[", request, "]"));
    }
    slots_[request - totals_.requests].answer = std::move(answer);
    ended = Settle();
  }
  for (const std::string& topic : ended)
    hub_.producers().Remove(topic, AsListener());
  Run();
}

std::vector<std::string> PublishCall::Settle() {
  std::vector<std::string> ended;
  while (error_.ok() && !slots_.empty() && slots_.front().answer.has_value()) {
    const Slot& slot = slots_.front();
    if (!slot.answer->ok()) {
      error_ = slot.answer->status();
      break;
    }
    const Store::Appended& appended = **slot.answer;
    ++totals_.requests;
    totals_.accepted += appended.accepted;
    totals_.duplicates += appended.duplicates;
    if (appended.last != 0) totals_.last_cursor = Cursor{epoch_, appended.last};
    // Nothing is left to hold, and a call may serve topics without end.
    if (held_.erase(slot.ends) != 0) ended.push_back(slot.ends);
    waiting_bytes_ -= slot.bytes;
    slots_.pop_front();
  }
  return ended;
}

void PublishCall::Run() {
  const auto self = shared_from_this();
  {
    MutexLock lock(mutex_);
    if (running_) return;
    running_ = true;
  }
  for (;;) {
    Action action;
    Feedback feedback;
    {
      MutexLock lock(mutex_);
      action = NextAction();
      if (action == Action::kNone) {
        running_ = false;
        return;
      }
      if (action == Action::kWrite) feedback = std::move(feedback_);
    }
    if (action == Action::kRead) peer_.Read();
    if (action == Action::kWrite) peer_.Write(feedback);
    if (action == Action::kFinish) Finish();
  }
}

PublishCall::Action PublishCall::NextAction() {
  if (finished_) return Action::kNone;
  if (gives_feedback_ && !writing_ && !cancelled_) {
    if (absl::optional<Feedback> feedback = NextFeedback()) {
      writing_ = true;
      feedback_ = *std::move(feedback);
      return Action::kWrite;
    }
  }
  if (MayFinish()) {
    finished_ = closed_ = true;
    return Action::kFinish;
  }
  if (MayRead()) {
    reading_ = true;
    return Action::kRead;
  }
  return Action::kNone;
}

absl::optional<PublishCall::Feedback> PublishCall::NextFeedback() {
  if (!stops_.empty()) {
    Stop stop = std::move(stops_.front());
    stops_.pop_front();
    const auto held = held_.find(stop.topic);
    if (held != held_.end()) held->second.stop = false;
    return stop;
  }
  while (!interest_.empty()) {
    Interest interest{std::move(interest_.front())};
    interest_.pop_front();
    const auto held = held_.find(interest.topic);
    if (held == held_.end()) continue;
    held->second.interest = false;
    // Whoever comes or goes after this look is behind another OnInterest.
    interest.subscribers = hub_.Subscribers(interest.topic);
    const bool read = interest.subscribers > 0;
    if (held->second.read == read) continue;
    held->second.read = read;
    return interest;
  }
  if (acknowledged_ == totals_.requests) return absl::nullopt;
  acknowledged_ = totals_.requests;
  return totals_;
}

bool PublishCall::MayFinish() const {
  // What is being handled would take a hold after they are all released.
  if (handling_) return false;
  if (cancelled_) return true;
  if (writing_) return false;
  return !error_.ok() || (closed_ && slots_.empty());
}

bool PublishCall::MayRead() const {
  return !reading_ && !handling_ && !closed_ &&
         slots_.size() < options_.window_requests &&
         waiting_bytes_ < options_.window_bytes;
}

void PublishCall::Finish() {
  absl::flat_hash_map<std::string, Held> held_at_end;
  absl::Status status;
  PublishTotals totals;
  {
    MutexLock lock(mutex_);
    held_at_end.swap(held_);
    status =
        cancelled_ ? absl::CancelledError("the call was cancelled") : error_;
    totals = totals_;
  }
  for (const auto& [topic, held] : held_at_end) {
    hub_.store().Release(topic, Store::Lease{holder_, held.fails},
                         options_.grace);
    hub_.producers().Remove(topic, AsListener());
  }
  peer_.Finish(status, totals);
}

}  // namespace sluice
