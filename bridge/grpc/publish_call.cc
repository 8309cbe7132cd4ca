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

PublishCall::PublishCall(Store& store, std::shared_ptr<Producers> producers,
                         const PublishOptions& options, uint64_t holder,
                         bool acknowledge, Peer& peer)
    : store_(store),
      epoch_(store.epoch()),
      producers_(std::move(producers)),
      options_(options),
      holder_(holder),
      acknowledge_(acknowledge),
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

void PublishCall::Append(ParsedRequest parsed, size_t bytes) {
  Store::AppendRequest& append = parsed.append;
  uint64_t request;
  bool is_new;
  {
    MutexLock lock(mutex_);
    // A request that the store has refused meanwhile is the last that counts.
    if (closed_) return;
    const auto [held, inserted] = held_.try_emplace(append.topic, false);
    is_new = inserted;
    held->second = parsed.fail_on_abort.value_or(held->second);
    append.lease = Store::Lease{holder_, held->second};

    request = totals_.requests + slots_.size();
    Slot& slot = slots_.emplace_back();
    slot.bytes = bytes;
    if (append.end.has_value()) slot.ends = append.topic;
    waiting_bytes_ += bytes;
  }
  if (is_new) producers_->Add(append.topic);
  store_.Append(std::move(append), [self = shared_from_this(), request](
                                       absl::StatusOr<Store::Appended> answer) {
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
  for (const std::string& topic : ended) producers_->Remove(topic);
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
    if (appended.last != 0) {
      totals_.last_cursor = Cursor{epoch_, appended.last}.ToString();
    }
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
    PublishTotals totals;
    {
      MutexLock lock(mutex_);
      action = NextAction();
      if (action == Action::kNone) {
        running_ = false;
        return;
      }
      if (action == Action::kWrite) totals = totals_;
    }
    if (action == Action::kRead) peer_.Read();
    if (action == Action::kWrite) peer_.Write(totals);
    if (action == Action::kFinish) Finish();
  }
}

PublishCall::Action PublishCall::NextAction() {
  if (finished_) return Action::kNone;
  if (acknowledge_ && !writing_ && !cancelled_ &&
      acknowledged_ < totals_.requests) {
    writing_ = true;
    acknowledged_ = totals_.requests;
    return Action::kWrite;
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
  absl::flat_hash_map<std::string, bool> held;
  absl::Status status;
  PublishTotals totals;
  {
    MutexLock lock(mutex_);
    held.swap(held_);
    status =
        cancelled_ ? absl::CancelledError("the call was cancelled") : error_;
    totals = totals_;
  }
  for (const auto& [topic, fail_on_abort] : held) {
    store_.Release(topic, Store::Lease{holder_, fail_on_abort}, options_.grace);
    producers_->Remove(topic);
  }
  peer_.Finish(status, totals);
}

}  // namespace sluice
