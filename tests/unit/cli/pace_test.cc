#include "clients/cli/pace.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

TEST(PaceTest, ARateOfTenLetsOneEventThroughEveryTenthOfASecond) {
  RateLimiter limiter(10);
  EXPECT_TRUE(limiter.Take(kStart));
  EXPECT_FALSE(limiter.Take(kStart));
  EXPECT_EQ(limiter.Wait(kStart + absl::Milliseconds(40)),
            absl::Milliseconds(60));
  EXPECT_TRUE(limiter.Take(kStart + absl::Milliseconds(100)));
}

TEST(PaceTest, APauseDoesNotEarnABurst) {
  RateLimiter limiter(10);
  EXPECT_TRUE(limiter.Take(kStart));
  EXPECT_TRUE(limiter.Take(kStart + absl::Hours(1)));
  EXPECT_FALSE(limiter.Take(kStart + absl::Hours(1)));
}

TEST(PaceTest, ARateFarAboveAThousandIsReachedWithWholeMilliseconds) {
  RateLimiter limiter(100000);
  int taken = 0;
  for (int ms = 0; ms < 1000; ++ms) {
    while (limiter.Take(kStart + absl::Milliseconds(ms))) ++taken;
  }
  EXPECT_NEAR(taken, 100000, 2000);
}

TEST(PaceTest, WithoutARateEverythingGoes) {
  RateLimiter limiter(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.Take(kStart));
}

TEST(PaceTest, TheMeterTellsEventsASecond) {
  RateMeter meter;
  EXPECT_EQ(meter.Rate(0, kStart), 0);
  EXPECT_EQ(meter.Rate(50, kStart + absl::Seconds(1)), 50);
  EXPECT_EQ(meter.Rate(51, kStart + absl::Milliseconds(1500)), 50);
  EXPECT_EQ(meter.Rate(52, kStart + absl::Seconds(3)), 1);
}

}  // namespace
}  // namespace sluice
