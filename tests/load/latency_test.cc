#include "tests/load/latency.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(LatencyTest, NothingIsZero) {
  const Latency latency;
  EXPECT_EQ(latency.count(), 0u);
  EXPECT_EQ(latency.QuantileUs(0.99), 0u);
}

TEST(LatencyTest, AQuantileIsAnEighthTooHighAtMost) {
  for (int64_t one : {1, 7, 8, 9, 100, 1000, 65535, 65536, 123456789}) {
    Latency latency;
    latency.Add(one);
    latency.Add(one * 1000);
    const auto low = static_cast<double>(latency.QuantileUs(0));
    EXPECT_GE(low, static_cast<double>(one));
    EXPECT_LE(low, static_cast<double>(one) * 1.125);
  }
}

TEST(LatencyTest, QuantilesCountFromBelow) {
  Latency latency;
  for (int i = 0; i < 98; ++i) latency.Add(1);
  latency.Add(4);
  latency.Add(6);
  EXPECT_EQ(latency.QuantileUs(0.5), 1u);
  EXPECT_EQ(latency.QuantileUs(0.98), 4u);
  EXPECT_EQ(latency.QuantileUs(0.99), 6u);
  EXPECT_EQ(latency.QuantileUs(1), 6u);
  EXPECT_EQ(latency.max_us(), 6u);
}

TEST(LatencyTest, AClockThatIsBehindCountsAsNoTime) {
  Latency latency;
  latency.Add(-5);
  EXPECT_EQ(latency.QuantileUs(0.5), 0u);
}

}  // namespace
}  // namespace sluice
