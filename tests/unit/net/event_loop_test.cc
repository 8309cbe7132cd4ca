#include "bridge/net/event_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace sluice {
namespace {

using testing::ElementsAre;

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() : loop_(*EventLoop::Create()) {}

  void Run() {
    loop_->Run([] { return false; });
  }

  const std::unique_ptr<EventLoop> loop_;
};

class Calling final : public Timer, public EventLoop::Handler {
 public:
  explicit Calling(std::function<void()> then) : then_(std::move(then)) {}
  void OnTimer() override { then_(); }
  void OnEvents(uint32_t) override { then_(); }

 private:
  const std::function<void()> then_;
};

TEST_F(EventLoopTest, WhatIsPostedBeforeRunIsDone) {
  bool done = false;
  loop_->Post([&] {
    done = true;
    loop_->Stop();
  });
  Run();
  EXPECT_TRUE(done);
}

TEST_F(EventLoopTest, WhatAnotherThreadPostsRunsInOrderInTheLoop) {
  constexpr int kWork = 10000;
  std::vector<int> order;
  const std::thread::id loop_thread = std::this_thread::get_id();
  std::thread poster([&] {
    for (int i = 0; i < kWork; ++i) {
      loop_->Post([&, i] {
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
        order.push_back(i);
      });
    }
    loop_->Post([&] { loop_->Stop(); });
  });
  Run();
  poster.join();
  ASSERT_EQ(order.size(), static_cast<size_t>(kWork));
  for (int i = 0; i < kWork; ++i) ASSERT_EQ(order[static_cast<size_t>(i)], i);
}

TEST_F(EventLoopTest, SeveralThreadsLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kWork = 2000;
  int done = 0;
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kWork; ++i) {
        loop_->Post([&] {
          if (++done == kThreads * kWork) loop_->Stop();
        });
      }
    });
  }
  Run();
  for (std::thread& poster : posters) poster.join();
  EXPECT_EQ(done, kThreads * kWork);
}

TEST_F(EventLoopTest, WorkMayPostMoreWork) {
  std::vector<int> order;
  loop_->Post([&] {
    order.push_back(1);
    loop_->Post([&] {
      order.push_back(3);
      loop_->Stop();
    });
    order.push_back(2);
  });
  Run();
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST_F(EventLoopTest, TimersComeInTheirOrderAndNotEarly) {
  std::vector<int> order;
  const int64_t start = loop_->now_ms();
  Calling late([&] {
    order.push_back(2);
    EXPECT_GE(loop_->now_ms(), start + 120);
    loop_->Stop();
  });
  Calling early([&] {
    order.push_back(1);
    EXPECT_GE(loop_->now_ms(), start + 40);
  });
  loop_->timers().Arm(late, start + 120);
  loop_->timers().Arm(early, start + 40);
  Run();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST_F(EventLoopTest, ATurnGoesFromSocketsToPostedWorkToItsEnd) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const Fd reading(fds[0]);
  const Fd writing(fds[1]);
  std::vector<int> order;
  Calling handler([&] { order.push_back(1); });
  ASSERT_TRUE(loop_->Add(reading.get(), EPOLLIN, handler).ok());
  ASSERT_EQ(write(writing.get(), "x", 1), 1);
  loop_->Post([&] {
    order.push_back(2);
    loop_->Stop();
  });
  loop_->Run([&] {
    order.push_back(3);
    return false;
  });
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
  loop_->Remove(reading.get());
}

TEST_F(EventLoopTest, ATurnThatLeftWorkIsFollowedByAnother) {
  int turns = 0;
  loop_->Wake();
  loop_->Run([&] {
    if (++turns == 5) loop_->Stop();
    return true;
  });
  EXPECT_EQ(turns, 5);
}

TEST_F(EventLoopTest, GarbageIsKeptUntilTheTurnIsOver) {
  struct Flag {
    bool* gone;
    ~Flag() { *gone = true; }
  };
  bool gone = false;
  bool gone_at_turn_end = true;
  loop_->Post([&] {
    loop_->DeleteLater(std::unique_ptr<Flag>(new Flag{&gone}));
    loop_->Stop();
  });
  loop_->Run([&] {
    gone_at_turn_end = gone;
    return false;
  });
  EXPECT_FALSE(gone_at_turn_end);
  EXPECT_TRUE(gone);
}

TEST_F(EventLoopTest, ADescriptorThatIsNoneIsAnError) {
  Calling handler([] {});
  EXPECT_FALSE(loop_->Add(-1, EPOLLIN, handler).ok());
}

}  // namespace
}  // namespace sluice
