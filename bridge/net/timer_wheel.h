#pragma once

#include <array>
#include <cstdint>
#include <functional>

namespace sluice {

// Something that wants to be called later; part of its owner, so that arming it
// costs no memory.
//
// Lifetime: disarms itself when it goes.
class Timer {
 public:
  virtual ~Timer() { Disarm(); }
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Called once the time is there, disarmed.
  virtual void OnTimer() = 0;

  bool armed() const { return next_ != nullptr; }
  void Disarm();

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer* prev_ = nullptr;
  int64_t due_tick_ = 0;
};

// A hashed timer wheel (Varghese and Lauck 1987, scheme 6): arming and
// disarming are O(1) whatever the number of timers. Times are milliseconds of a
// steady clock; a timer is never early, and late by a tick at the most.
//
// Thread safety: none; a loop's.
class TimerWheel {
 public:
  static constexpr int64_t kTickMs = 32;

  explicit TimerWheel(int64_t now_ms);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Arms `timer` for `due_ms`, wherever it was armed for before.
  void Arm(Timer& timer, int64_t due_ms);

  // Calls all timers that are due.
  void Advance(int64_t now_ms);

  // Milliseconds from `now_ms` until Advance may have something to do; -1 if
  // nothing is armed. Far timers count as being at the wheel's end, a quarter
  // of a minute away.
  int64_t MsToNext(int64_t now_ms);

 private:
  static constexpr int64_t kSlots = 512;

  // The head of a slot's ring.
  struct Slot final : Timer {
    void OnTimer() override {}
  };

  std::array<Slot, kSlots> slots_;
  int64_t tick_;           // all timers due by it have been called
  int64_t next_tick_ = 0;  // slots before it are empty
};

}  // namespace sluice
