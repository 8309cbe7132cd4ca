// Ctrl-C as something that a loop can poll for. The first one only asks, and
// the command finishes cleanly; the second one ends the process at once,
// whatever it waits for.
//
// Threads: all methods are safe from any thread; Raise from a signal handler
// too.
#pragma once

#include <atomic>

#include "clients/cli/wakeup.h"

namespace sluice {

class Interrupt {
 public:
  Interrupt() = default;
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Takes over SIGINT. One Interrupt of a process may do so, and it must live
  // until the process ends.
  void TakeSigint();

  // What the first Ctrl-C does.
  void Raise();

  // Whether it has been raised; stays so.
  bool raised() const { return raised_.load(); }

  // Readable from the first Raise on, for good: a loop that goes on after it
  // must not poll for it.
  int fd() const { return wakeup_.fd(); }

 private:
  const Wakeup wakeup_;
  std::atomic<bool> raised_{false};
};

}  // namespace sluice
