// Ctrl-C, or a wish to terminate, as something that a loop can poll for. The
// first one only asks, and the command finishes cleanly; the second one ends
// the process at once, whatever it waits for.
//
// Threads: all methods are safe from any thread; Raise from a signal handler
// too.
#pragma once

#include <signal.h>

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

  // Takes over SIGTERM and SIGHUP, too, unless they are ignored: for a command
  // that has something to put away. Does nothing before TakeSigint.
  void TakeTermination();

  // What the first Ctrl-C does.
  void Raise(int signal = SIGINT);

  // Whether it has been raised; stays so.
  bool raised() const { return raised_.load(); }

  // What to exit with after it: 128 and the signal, as shells report it.
  int exit_code() const { return 128 + signal_.load(); }

  // Readable from the first Raise on, for good: a loop that goes on after it
  // must not poll for it.
  int fd() const { return wakeup_.fd(); }

 private:
  const Wakeup wakeup_;
  std::atomic<bool> raised_{false};
  std::atomic<int> signal_{SIGINT};
};

}  // namespace sluice
