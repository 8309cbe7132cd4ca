#include "tests/stress/fleet.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace sluice {
namespace {

// The server waits for twice as long for what it sends last.
constexpr int64_t kLagMs = 1000;
constexpr int kTurnMs = 2;

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Fleet::Fleet() : epoll_(epoll_create1(EPOLL_CLOEXEC)), now_ms_(SteadyMs()) {}

void Fleet::Add(std::unique_ptr<StormClient> client) {
  clients_.push_back(std::move(client));
}

void Fleet::Watch(const Fd& fd, StormClient& client) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &client;
  EXPECT_EQ(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event), 0);
}

void Fleet::Turn() {
  std::array<epoll_event, 256> events;
  const int ready = epoll_wait(epoll_.get(), events.data(),
                               static_cast<int>(events.size()), kTurnMs);
  const int64_t before_ms = std::exchange(now_ms_, SteadyMs());
  if (now_ms_ - before_ms > kLagMs) lagged_at_ms_ = now_ms_;
  for (int i = 0; i < ready; ++i)
    static_cast<StormClient*>(events[static_cast<size_t>(i)].data.ptr)
        ->OnReady();
  for (const auto& client : clients_) client->Tick(now_ms_);
  clients_.erase(std::remove_if(clients_.begin(), clients_.end(),
                                [](const auto& c) { return c->done(); }),
                 clients_.end());
}

}  // namespace sluice
