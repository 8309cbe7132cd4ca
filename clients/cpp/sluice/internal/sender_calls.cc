// The sender's thread: one call after the other.
#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sluice/internal/refusal.h"
#include "sluice/internal/sender.h"

namespace sluice::internal {
namespace {

constexpr std::chrono::milliseconds kFirstDelay{100};
constexpr std::chrono::seconds kLastDelay{5};

// Whether a connection that breaks may look like this, on the way or at the
// bridge. OK does so before all was acknowledged.
bool CanBeBroken(grpc::StatusCode code) {
  switch (code) {
    case grpc::OK:
    case grpc::CANCELLED:
    case grpc::UNKNOWN:
    case grpc::INTERNAL:
    case grpc::UNAVAILABLE:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::chrono::nanoseconds DelayAfter(int failures, double jitter) {
  const std::chrono::nanoseconds delay = std::min<std::chrono::nanoseconds>(
      kLastDelay, kFirstDelay * (1 << std::min(failures, 10)));
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      delay * (0.5 + jitter / 2));
}

void Sender::Run() {
  std::minstd_rand dice(std::random_device{}());
  Lock lock(mutex_);
  for (;;) {
    Await(lock, Clock::time_point::max(),
          [this] { return Over() || outbox_.NeedsCall(); });
    if (Over()) break;
    lock.unlock();
    PublishOverOneCall();
    lock.lock();
    const double jitter = std::uniform_real_distribution<>()(dice);
    Await(lock, Clock::now() + DelayAfter(failures_++, jitter),
          [this] { return Over(); });
  }
  ended_ = true;
  changed_.notify_all();
}

void Sender::PublishOverOneCall() {
  Call call(channel_, mutex_, changed_,
            [this](const Response& response) { Receive(response); });
  absl::Status ready;
  if (metadata_) {
    const absl::StatusOr<Metadata> metadata = metadata_();
    ready = metadata.ok() ? AddMetadata(*metadata, call.context())
                          : metadata.status();
  }
  if (!ready.ok()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    trouble_ = absl::StrCat("no metadata: ", ready.ToString());
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    outbox_.Restart();
  }
  // The pauses between calls are the sender's.
  grpc::experimental::ChannelResetConnectionBackoff(channel_.get());
  call.Start();
  {
    Lock lock(mutex_);
    Send(lock, call);
  }
  const grpc::Status status = call.Finish();
  const std::lock_guard<std::mutex> lock(mutex_);
  CallEnded(status, call.context());
}

void Sender::Send(Lock& lock, Call& call) {
  bool half_closed = false;
  while (!half_closed) {
    Await(lock, Clock::time_point::max(), [&] {
      return call.over() ||
             (call.idle() && (closing_ || outbox_.HasRequests()));
    });
    if (call.over() || !error_.ok()) return;
    std::shared_ptr<const Request> request = outbox_.NextRequest();
    half_closed = request == nullptr;
    lock.unlock();
    if (half_closed) {
      call.HalfClose();
    } else {
      call.Write(std::move(request));
    }
    lock.lock();
  }
  const auto over = [&call] { return call.over(); };
  Await(lock, Clock::time_point::max(),
        [&] { return over() || outbox_.unacknowledged() == 0; });
  // All is stored then, and the bridge may be too busy to say good-bye.
  Await(lock, Clock::now() + kLastDelay, over);
}

void Sender::Await(Lock& lock, Clock::time_point deadline,
                   const std::function<bool()>& ready) {
  while (error_.ok() && !ready()) {
    const Clock::time_point now = Clock::now();
    if (now >= deadline) return;
    Clock::time_point wake = std::min(deadline, now + std::chrono::hours(1));
    if (outbox_.unacknowledged() > 0) {
      const Clock::time_point patience = since_ + give_up_after_;
      if (now >= patience) return GiveUp();
      wake = std::min(wake, patience);
    }
    changed_.wait_until(lock, wake);
  }
}

void Sender::GiveUp() {
  const std::uint64_t count = outbox_.unacknowledged();
  SetError(MakeRefusal(
      absl::StatusCode::kUnavailable,
      absl::StrCat("gave up after ",
                   absl::FormatDuration(absl::FromChrono(give_up_after_)),
                   " without an acknowledgement, ", count,
                   " events are not acknowledged; last: ", trouble_),
      MakeError()));
}

void Sender::Receive(const Response& response) {
  if (response.has_ack() && outbox_.Acknowledge(response.ack())) {
    since_ = Clock::now();
    failures_ = 0;
  }
  if (response.has_interest()) notices_.Add(response.interest());
  if (response.has_stop()) {
    const v1::Stop& stop = response.stop();
    for (StopWatch* watch : watches_) {
      if (watch->topic_ == stop.topic()) watch->stop_ = stop;
    }
    notices_.Add(stop);
  }
}

// A final status becomes the error; after another one there may be another
// call.
void Sender::CallEnded(const grpc::Status& status,
                       const grpc::ClientContext& context) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  trouble_ = absl::StrCat(absl::StatusCodeToString(code), ": ",
                          status.error_message());
  if (CanBeBroken(status.error_code()) || !error_.ok()) return;
  outbox_.Stored(AcceptedIn(context));
  PublishError error = MakeError();
  error.violations = ViolationsIn(status);
  for (Violation& violation : error.violations) {
    // Nine digits fit, and the bridge allows no more of either.
    unsigned request = 0;
    int event = -1;
    if (std::sscanf(violation.field.c_str(), "requests[%9u].events[%9d]",
                    &request, &event) < 1) {
      continue;
    }
    const auto [topic, found] = outbox_.Find(request, event);
    violation.topic = topic;
    if (found != nullptr) violation.event = *found;
  }
  SetError(MakeRefusal(code, status.error_message(), error));
}

}  // namespace sluice::internal
