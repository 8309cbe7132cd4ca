#include "bridge/net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace sluice {
namespace {

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return absl::ErrnoToStatus(errno, "epoll_create1");
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return absl::ErrnoToStatus(errno, "eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0)
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  return std::unique_ptr<EventLoop>(
      new EventLoop(std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(Fd epoll, Fd wake)
    : epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      now_ms_(SteadyMs()),
      timers_(now_ms_) {}

absl::Status EventLoop::Add(int fd, uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.ptr = &handler;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return absl::ErrnoToStatus(errno, "epoll_ctl");
  return absl::OkStatus();
}

void EventLoop::Remove(int fd) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::Rearm(int fd, uint32_t events, Handler& handler) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.ptr = &handler;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::Wake() {
  if (sleep_.exchange(Sleep::kWoken) != Sleep::kAsleep) return;
  const uint64_t one = 1;
  // Only a counter at its very end would refuse, and then the loop is awake.
  [[maybe_unused]] const ssize_t written =
      write(wake_.get(), &one, sizeof(one));
}

void EventLoop::Post(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    posted_.push_back(std::move(work));
  }
  Wake();
}

void EventLoop::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  Wake();
}

void EventLoop::CollectGarbage() {
  // Letting go of one may make another.
  while (!garbage_.empty()) {
    std::vector<std::shared_ptr<void>> garbage = std::move(garbage_);
    garbage_.clear();
  }
}

void EventLoop::RunPosted() {
  std::vector<std::function<void()>> posted;
  {
    MutexLock lock(mutex_);
    posted.swap(posted_);
  }
  for (auto& work : posted) work();
}

void EventLoop::Run(const std::function<bool()>& turn_end) {
  std::array<epoll_event, 256> events;
  bool more = false;
  for (;;) {
    Sleep awake = Sleep::kAwake;
    const bool sleeps =
        !more && sleep_.compare_exchange_strong(awake, Sleep::kAsleep);
    const int timeout =
        sleeps ? static_cast<int>(timers_.MsToNext(SteadyMs())) : 0;
    const int ready = epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), timeout);
    sleep_ = Sleep::kAwake;
    now_ms_ = SteadyMs();
    for (int i = 0; i < ready; ++i) {
      if (events[i].data.ptr == nullptr) {
        uint64_t count;
        [[maybe_unused]] const ssize_t n =
            read(wake_.get(), &count, sizeof(count));
        continue;
      }
      static_cast<Handler*>(events[i].data.ptr)->OnEvents(events[i].events);
    }
    RunPosted();
    timers_.Advance(now_ms_);
    more = turn_end();
    CollectGarbage();

    MutexLock lock(mutex_);
    if (stopping_) return;
  }
}

}  // namespace sluice
