#include "clients/cli/command_input.h"

#include <signal.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// Nothing wakes a poll when a process exits whose output is over already.
constexpr absl::Duration kLookAgain = absl::Milliseconds(20);

}  // namespace

absl::Status CommandInput::Steer(bool wanted, std::uint64_t events,
                                 absl::Time now) {
  if (!alive()) return wanted && !result_ ? Start(events) : absl::OkStatus();
  const bool over = child_->fd() < 0 && child_->HasExited();
  if (stopping()) {
    if (!over && now < kill_at_) return absl::OkStatus();
    // Whatever of the group has not minded SIGTERM.
    child_->Signal(SIGKILL);
    child_.reset();
    kill_at_ = absl::InfiniteFuture();
    return Steer(wanted, events, now);
  }
  if (over) {
    const std::string failure = child_->Failure();
    result_ = failure.empty()
                  ? absl::OkStatus()
                  : absl::UnknownError(absl::StrCat("the command ", failure));
    child_.reset();
  } else if (!wanted) {
    Stop(now);
  }
  return absl::OkStatus();
}

absl::Duration CommandInput::Wait(absl::Time now) const {
  if (!alive()) return absl::InfiniteDuration();
  const absl::Duration left = std::max(kill_at_ - now, absl::ZeroDuration());
  return child_->fd() < 0 ? std::min(left, kLookAgain) : left;
}

std::size_t CommandInput::Read(char* buffer, std::size_t size) {
  return alive() ? child_->Read(buffer, size) : 0;
}

absl::Status CommandInput::Start(std::uint64_t events) {
  auto child =
      ChildCommand::Start(command_, {absl::StrCat("SLUICE_EVENTS=", events)});
  if (!child.ok()) return child.status();
  child_ = *std::move(child);
  return absl::OkStatus();
}

void CommandInput::Stop(absl::Time now) {
  kill_at_ = now + grace_;
  child_->Signal(SIGTERM);
}

}  // namespace sluice
