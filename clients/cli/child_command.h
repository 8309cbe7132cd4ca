// A command of the shell that runs in a process group of its own, and whose
// standard output is read here.
//
// Threads: one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice {

class ChildCommand {
 public:
  // Starts `/bin/sh -c command`. It reads from /dev/null, writes its errors to
  // this process's standard error, and inherits no other descriptor.
  // `variables`, `NAME=value` each, join those of this process.
  // UNAVAILABLE: it cannot be started, with a sentence.
  static absl::StatusOr<std::unique_ptr<ChildCommand>> Start(
      const std::string& command, const std::vector<std::string>& variables);

  // Kills what is left of the group if the shell has not exited. Waits for the
  // shell, so that no zombie stays.
  ~ChildCommand();
  ChildCommand(const ChildCommand&) = delete;
  ChildCommand& operator=(const ChildCommand&) = delete;

  // Its output, to be polled for reading; -1 once that is over.
  int fd() const { return fd_; }

  // Reads up to `size` bytes of the output. Blocks unless fd() is readable. 0:
  // nothing was there, or, if fd() is -1 now, that was the end.
  std::size_t Read(char* buffer, std::size_t size);

  // Sends `signal` to the whole group.
  void Signal(int signal) const;

  // Whether the shell has exited; never blocks.
  bool HasExited() const;

  // Empty: it exited with 0. Otherwise how it ended, e.g. `exited with 3`. Only
  // after HasExited() has said so.
  std::string Failure() const;

 private:
  ChildCommand(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  void CloseOutput();

  const pid_t pid_;
  int fd_;
};

}  // namespace sluice
