// The input of `sluice pub --start-on-interest`: a command of the shell that
// runs while it is wanted. Knows nothing of topics and readers.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "clients/cli/child_command.h"

namespace sluice {

class CommandInput {
 public:
  // `grace`: how long the command may take to go after SIGTERM.
  CommandInput(std::string command, absl::Duration grace)
      : command_(std::move(command)), grace_(grace) {}

  // Starts or stops the command, as `wanted` says, or goes on with that. To be
  // called when `wanted` has changed, after each Read, and when Wait says.
  // `events`: how many it has made so far, which it is told when it starts.
  // UNAVAILABLE: it cannot be started.
  absl::Status Steer(bool wanted, std::uint64_t events, absl::Time now);

  // How long Steer may wait if nothing else happens.
  absl::Duration Wait(absl::Time now) const;

  // Whether there is a process; whether its output counts.
  bool alive() const { return child_ != nullptr; }
  bool running() const { return alive() && !stopping(); }
  // It is on its way out, and its output is of no use.
  bool stopping() const { return kill_at_ != absl::InfiniteFuture(); }

  // To be polled for reading; -1: nothing is to be read.
  int fd() const { return alive() ? child_->fd() : -1; }
  std::size_t Read(char* buffer, std::size_t size);

  // None unless the command came to an end by itself while it was wanted. Then
  // it is not started again: OK if it exited with 0, otherwise UNKNOWN, with a
  // sentence that says how it ended.
  const absl::optional<absl::Status>& result() const { return result_; }

 private:
  absl::Status Start(std::uint64_t events);
  void Stop(absl::Time now);

  const std::string command_;
  const absl::Duration grace_;
  std::unique_ptr<ChildCommand> child_;
  absl::Time kill_at_ = absl::InfiniteFuture();
  absl::optional<absl::Status> result_;
};

}  // namespace sluice
