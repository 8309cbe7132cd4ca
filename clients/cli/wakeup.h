// A descriptor that any thread, or a signal handler, can make readable: it gets
// a loop out of its poll.
//
// Threads: Notify is safe from any thread and from a signal handler; the rest
// belongs to the loop.
#pragma once

namespace sluice {

class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  // Makes fd() readable until the next Drain. Never blocks, keeps errno.
  void Notify() const;

  // Takes in all notifications so far. Never blocks.
  void Drain() const;

  // To be polled for reading.
  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace sluice
