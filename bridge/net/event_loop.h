#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/base/mutex.h"
#include "bridge/net/socket.h"
#include "bridge/net/timer_wheel.h"

namespace sluice {

// One thread that waits for all of its sockets at once (epoll, edge-triggered).
// Nothing that it calls may block.
//
// A turn: what the sockets have to say, then what other threads posted, then
// the timers, then the turn's end, where the owner flushes what the turn has
// brought together.
//
// Thread safety: Post, Wake and Stop are for any thread; the rest is the loop's
// own, or comes before Run.
class EventLoop {
 public:
  // Whoever owns a descriptor that the loop watches.
  class Handler {
   public:
    virtual ~Handler() = default;
    // `events` are epoll's. Edge-triggered: read or write until it would block.
    virtual void OnEvents(uint32_t events) = 0;
  };

  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs turns until Stop. `turn_end` returns true if it left work for another
  // turn.
  void Run(const std::function<bool()>& turn_end);
  void Stop();

  // Has `work` called in the loop, in the order of the calls.
  void Post(std::function<void()> work);

  // Has the loop make a turn.
  void Wake();

  // Watches `fd` for `events`, edge-triggered. `handler` must live until the
  // end of the turn in which it is removed.
  absl::Status Add(int fd, uint32_t events, Handler& handler);
  void Remove(int fd);

  // Has `handler` called in the next turn if there is something still.
  void Rearm(int fd, uint32_t events, Handler& handler);

  // Keeps `garbage` until the turn is over: events of this turn may still point
  // to it.
  template <typename T>
  void DeleteLater(std::unique_ptr<T> garbage) {
    garbage_.push_back(std::shared_ptr<void>(std::move(garbage)));
  }

  // Drops what DeleteLater keeps; for when no turn will.
  void CollectGarbage();

  // Milliseconds of a steady clock, read once a turn.
  int64_t now_ms() const { return now_ms_; }
  TimerWheel& timers() { return timers_; }

 private:
  EventLoop(Fd epoll, Fd wake);

  // Whether the loop waits for events, and whether it was told not to. Waking
  // it is a system call, and it mostly is awake.
  enum class Sleep { kAwake, kAsleep, kWoken };

  void RunPosted();

  const Fd epoll_;
  const Fd wake_;  // an eventfd
  std::atomic<Sleep> sleep_{Sleep::kAwake};
  int64_t now_ms_;
  TimerWheel timers_;
  std::vector<std::shared_ptr<void>> garbage_;

  Mutex mutex_;
  std::vector<std::function<void()>> posted_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice
