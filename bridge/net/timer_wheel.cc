#include "bridge/net/timer_wheel.h"

#include <algorithm>

namespace sluice {

void Timer::Disarm() {
  if (next_ == nullptr) return;
  next_->prev_ = prev_;
  prev_->next_ = next_;
  next_ = prev_ = nullptr;
}

TimerWheel::TimerWheel(int64_t now_ms) : tick_(now_ms / kTickMs) {
  for (Slot& slot : slots_) slot.next_ = slot.prev_ = &slot;
}

void TimerWheel::Arm(Timer& timer, int64_t due_ms) {
  timer.Disarm();
  timer.due_tick_ = std::max(due_ms / kTickMs + 1, tick_ + 1);
  // One that is more than a turn of the wheel away waits in the last slot and
  // moves on from there.
  const int64_t tick = std::min(timer.due_tick_, tick_ + kSlots - 1);
  next_tick_ = std::min(next_tick_, tick);
  Timer& head = slots_[static_cast<size_t>(tick % kSlots)];
  timer.prev_ = head.prev_;
  timer.next_ = &head;
  head.prev_->next_ = &timer;
  head.prev_ = &timer;
}

void TimerWheel::Advance(int64_t now_ms) {
  const int64_t now_tick = now_ms / kTickMs;
  while (tick_ < now_tick) {
    ++tick_;
    Timer& head = slots_[static_cast<size_t>(tick_ % kSlots)];
    while (head.next_ != &head) {
      Timer& timer = *head.next_;
      if (timer.due_tick_ > tick_) {
        Arm(timer, timer.due_tick_ * kTickMs - 1);
        continue;
      }
      timer.Disarm();
      timer.OnTimer();
    }
  }
}

int64_t TimerWheel::MsToNext(int64_t now_ms) {
  next_tick_ = std::max(next_tick_, tick_ + 1);
  for (; next_tick_ < tick_ + kSlots; ++next_tick_) {
    const Timer& head = slots_[static_cast<size_t>(next_tick_ % kSlots)];
    if (head.next_ != &head)
      return std::max<int64_t>(0, next_tick_ * kTickMs - now_ms);
  }
  return -1;
}

}  // namespace sluice
