#include "bridge/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace sluice {
namespace {

class Counting final : public Timer {
 public:
  explicit Counting(std::function<void()> then = nullptr)
      : then_(std::move(then)) {}
  void OnTimer() override {
    ++calls;
    EXPECT_FALSE(armed());
    if (then_) then_();
  }

  int calls = 0;

 private:
  const std::function<void()> then_;
};

TEST(TimerWheelTest, ATimerIsNeverEarlyAndLateByATickAtTheMost) {
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    const int64_t start = static_cast<int64_t>(random() % 100000);
    TimerWheel wheel(start);
    const int64_t due = start + static_cast<int64_t>(random() % 40000);
    int64_t now = start;
    Counting timer;
    wheel.Arm(timer, due);
    while (timer.calls == 0) {
      wheel.Advance(++now);
      ASSERT_LE(now, due + TimerWheel::kTickMs);
    }
    EXPECT_GE(now, due);
  }
}

TEST(TimerWheelTest, AFarTimerWaitsForItsTurnOfTheWheel) {
  TimerWheel wheel(0);
  constexpr int64_t kHour = 3600 * 1000;
  Counting timer;
  wheel.Arm(timer, kHour);
  for (int64_t now = 0; now < kHour; now += 1000) wheel.Advance(now);
  EXPECT_EQ(timer.calls, 0);
  EXPECT_TRUE(timer.armed());
  wheel.Advance(kHour + TimerWheel::kTickMs);
  EXPECT_EQ(timer.calls, 1);
  EXPECT_FALSE(timer.armed());
}

TEST(TimerWheelTest, AJumpOfTheClockCallsAllThatIsDueInOrder) {
  TimerWheel wheel(0);
  std::vector<int> order;
  Counting last([&] { order.push_back(3); });
  Counting first([&] { order.push_back(1); });
  Counting second([&] { order.push_back(2); });
  wheel.Arm(last, 50000);
  wheel.Arm(first, 100);
  wheel.Arm(second, 20000);
  wheel.Advance(10000000);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(TimerWheelTest, ADisarmedTimerIsNotCalled) {
  TimerWheel wheel(0);
  Counting timer;
  wheel.Arm(timer, 100);
  timer.Disarm();
  timer.Disarm();
  wheel.Advance(100000);
  EXPECT_EQ(timer.calls, 0);
}

TEST(TimerWheelTest, ATimerThatGoesIsForgotten) {
  TimerWheel wheel(0);
  auto timer = std::make_unique<Counting>();
  wheel.Arm(*timer, 100);
  timer.reset();
  wheel.Advance(100000);
  EXPECT_EQ(wheel.MsToNext(100000), -1);
}

TEST(TimerWheelTest, ArmingAgainMovesATimerBothWays) {
  TimerWheel wheel(0);
  Counting timer;
  wheel.Arm(timer, 100);
  wheel.Arm(timer, 1000);
  wheel.Advance(999);
  EXPECT_EQ(timer.calls, 0);
  wheel.Arm(timer, 1100);
  wheel.Arm(timer, 1050);
  wheel.Advance(1050 + TimerWheel::kTickMs);
  EXPECT_EQ(timer.calls, 1);
}

TEST(TimerWheelTest, ATimerMayArmItselfInOnTimer) {
  TimerWheel wheel(0);
  int64_t now = 0;
  std::unique_ptr<Counting> timer;
  timer = std::make_unique<Counting>([&] { wheel.Arm(*timer, now + 100); });
  wheel.Arm(*timer, 100);
  for (; now <= 1000; ++now) wheel.Advance(now);
  EXPECT_GE(timer->calls, 7);
  EXPECT_LE(timer->calls, 10);
}

TEST(TimerWheelTest, ATimerArmedForThePastInOnTimerDoesNotHoldUpTheTurn) {
  TimerWheel wheel(0);
  std::unique_ptr<Counting> timer;
  timer = std::make_unique<Counting>([&] { wheel.Arm(*timer, 0); });
  wheel.Arm(*timer, 0);
  wheel.Advance(TimerWheel::kTickMs);
  EXPECT_EQ(timer->calls, 1);
  EXPECT_TRUE(timer->armed());
}

TEST(TimerWheelTest, ATimerMayDisarmAndDeleteOthersOfItsSlot) {
  TimerWheel wheel(0);
  auto deleted = std::make_unique<Counting>();
  Counting disarmed;
  Counting first([&] {
    deleted.reset();
    disarmed.Disarm();
  });
  Counting last;
  wheel.Arm(first, 100);
  wheel.Arm(*deleted, 100);
  wheel.Arm(disarmed, 100);
  wheel.Arm(last, 100);
  wheel.Advance(1000);
  EXPECT_EQ(first.calls, 1);
  EXPECT_EQ(disarmed.calls, 0);
  EXPECT_EQ(last.calls, 1);
}

TEST(TimerWheelTest, TheWaitLeadsToTheNextTimerAndNoFurther) {
  TimerWheel wheel(7);
  EXPECT_EQ(wheel.MsToNext(7), -1);
  Counting far;
  wheel.Arm(far, 1000000);
  EXPECT_GT(wheel.MsToNext(7), 10000);
  EXPECT_LT(wheel.MsToNext(7), 20000);
  Counting near;
  wheel.Arm(near, 500);
  const int64_t wait = wheel.MsToNext(7);
  EXPECT_GE(7 + wait, 500);
  EXPECT_LE(7 + wait, 500 + TimerWheel::kTickMs);
  wheel.Advance(7 + wait);
  EXPECT_EQ(near.calls, 1);
  wheel.Arm(near, 600);
  EXPECT_EQ(wheel.MsToNext(5000), 0) << "what is overdue waits no more";
}

}  // namespace
}  // namespace sluice
