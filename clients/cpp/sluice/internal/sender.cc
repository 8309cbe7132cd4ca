#include "sluice/internal/sender.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sluice/internal/utf8.h"

namespace sluice::internal {
namespace {

std::uint64_t Random64() {
  std::random_device device;
  return std::uniform_int_distribution<std::uint64_t>()(device);
}

// Bounded, so that it can be added to a time.
std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  constexpr int kHundredYears = 100 * 365 * 24;
  return absl::ToChronoNanoseconds(
      std::clamp(duration, absl::ZeroDuration(), absl::Hours(kHundredYears)));
}

}  // namespace

Sender::StopWatch::StopWatch(Sender& sender, std::string topic)
    : sender_(sender), topic_(std::move(topic)) {
  const std::lock_guard<std::mutex> lock(sender_.mutex_);
  sender_.watches_.push_back(this);
}

Sender::StopWatch::~StopWatch() {
  const std::lock_guard<std::mutex> lock(sender_.mutex_);
  auto& all = sender_.watches_;
  all.erase(std::find(all.begin(), all.end(), this));
}

std::optional<v1::Stop> Sender::StopWatch::stop() const {
  const std::lock_guard<std::mutex> lock(sender_.mutex_);
  return stop_;
}

Sender::Sender(std::shared_ptr<grpc::Channel> channel, PublisherOptions options)
    : channel_(std::move(channel)),
      metadata_(std::move(options.metadata)),
      give_up_after_(ToChrono(options.give_up_after)),
      name_(absl::StrFormat("%016x", Random64())),
      outbox_(options.buffer_events, options.buffer_bytes, options.on_abort),
      notices_(std::move(options.on_interest), std::move(options.on_stop)),
      thread_([this] { Run(); }) {}

void Sender::Leave() {
  bool told = true;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    told = told_ || cancelled_;
  }
  const absl::StatusOr<Totals> totals = Close(absl::InfiniteDuration());
  if (!totals.ok() && !told) {
    std::fprintf(stderr, "sluice: a publisher was destroyed: %s\n",
                 totals.status().ToString().c_str());
  }
  thread_.join();
  notices_.Join();
}

absl::Status Sender::PutEvent(const std::string& topic, Event event,
                              absl::Duration timeout) {
  absl::Status valid = CheckEvent(event);
  if (!valid.ok()) return valid;
  if (event.id().empty()) event.set_id(absl::StrCat(name_, ".", ++numbers_));
  return Put(Entry::OfEvent(topic, std::move(event)), timeout);
}

absl::Status Sender::Put(Entry entry, absl::Duration timeout) {
  absl::Status valid = CheckTopic(entry.topic);
  if (!valid.ok()) return valid;
  Lock lock(mutex_);
  const absl::Status room = Wait(lock, Clock::now() + ToChrono(timeout), [&] {
    return closing_ || outbox_.HasRoom(entry.size);
  });
  if (!room.ok()) return room;
  if (closing_) return absl::CancelledError("the publisher is closed");
  AddEntry(std::move(entry));
  return absl::OkStatus();
}

void Sender::PutNow(Entry entry) {
  if (!CheckTopic(entry.topic).ok()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (error_.ok() && !closing_) AddEntry(std::move(entry));
}

absl::Status Sender::Flush(absl::Duration timeout) {
  Lock lock(mutex_);
  const std::uint64_t goal = outbox_.added();
  return Wait(lock, Clock::now() + ToChrono(timeout),
              [&] { return outbox_.settled() >= goal; });
}

absl::StatusOr<Totals> Sender::Close(absl::Duration timeout) {
  const Clock::time_point deadline = Clock::now() + ToChrono(timeout);
  Lock lock(mutex_);
  closing_ = true;
  changed_.notify_all();
  absl::Status status =
      Wait(lock, deadline, [this] { return outbox_.unacknowledged() == 0; });
  if (absl::IsDeadlineExceeded(status) && error_.ok()) return status;
  // If all is stored, it is of no importance whether the bridge says so.
  changed_.wait_until(lock, deadline, [this] { return ended_; });
  notices_.Close();
  if (status.ok() || cancelled_) return outbox_.totals();
  return status;
}

void Sender::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closing_ = true;
  cancelled_ = cancelled_ || error_.ok();
  SetError(absl::CancelledError(absl::StrCat("the publisher was cancelled, ",
                                             outbox_.unacknowledged(),
                                             " events are not acknowledged")));
}

Totals Sender::totals() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return outbox_.totals();
}

absl::Status Sender::Wait(Lock& lock, Clock::time_point deadline,
                          const std::function<bool()>& ready) {
  changed_.wait_until(lock, deadline, [&] { return !error_.ok() || ready(); });
  if (!error_.ok()) {
    told_ = true;
    return error_;
  }
  if (ready()) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat(
      outbox_.unacknowledged(), " events are not acknowledged yet"));
}

void Sender::AddEntry(Entry entry) {
  if (outbox_.unacknowledged() == 0) since_ = Clock::now();
  outbox_.Add(std::move(entry));
  changed_.notify_all();
}

void Sender::SetError(absl::Status error) {
  if (!error_.ok()) return;
  error_ = std::move(error);
  changed_.notify_all();
}

PublishError Sender::MakeError() const {
  const Totals& totals = outbox_.totals();
  return {totals.accepted, totals.duplicates, outbox_.unacknowledged(), {}};
}

}  // namespace sluice::internal
