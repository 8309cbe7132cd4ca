#include "clients/cli/reconnect.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

TEST(ReconnectTest, TheFirstWaitIsTheServersAndALittleLonger) {
  Reconnect reconnect({});
  EXPECT_EQ(reconnect.Lost(kStart, absl::Seconds(3), 0), absl::Seconds(3));
  reconnect.Connected();
  EXPECT_EQ(reconnect.Lost(kStart, absl::Seconds(10), 1), absl::Seconds(12));
  reconnect.Connected();
  EXPECT_EQ(reconnect.Lost(kStart, absl::nullopt, 0), absl::Seconds(2));
}

TEST(ReconnectTest, NoServerMakesItAHotLoopOrAWaitForEver) {
  Reconnect reconnect({});
  EXPECT_EQ(reconnect.Lost(kStart, absl::ZeroDuration(), 0),
            absl::Milliseconds(100));
  reconnect.Connected();
  EXPECT_EQ(reconnect.Lost(kStart, absl::Hours(1000), 0), absl::Hours(24));
}

TEST(ReconnectTest, FailedAttemptsDoubleTheWaitUpToFiveSeconds) {
  Reconnect reconnect({});
  const auto lost = [&] { return reconnect.Lost(kStart, absl::Seconds(1), 0); };
  for (const int seconds : {1, 2, 4, 5, 5}) {
    EXPECT_EQ(lost(), absl::Seconds(seconds));
  }
  reconnect.Connected();
  EXPECT_EQ(lost(), absl::Seconds(1));
}

TEST(ReconnectTest, TheWaitIsNeverShorterThanTheServersOwn) {
  Reconnect reconnect({});
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ(reconnect.Lost(kStart, absl::Seconds(20), 0), absl::Seconds(20));
  }
}

TEST(ReconnectTest, TheLastAttemptIsWhenTheTimeIsUp) {
  Reconnect reconnect({absl::Seconds(10)});
  const auto lost = [&](absl::Duration after) {
    return reconnect.Lost(kStart + after, absl::Seconds(4), 1);
  };
  EXPECT_EQ(lost(absl::ZeroDuration()), absl::Seconds(4) * 1.2);
  EXPECT_EQ(lost(absl::Seconds(7)), absl::Seconds(3));
  EXPECT_EQ(lost(absl::Seconds(10)), absl::nullopt);
}

TEST(ReconnectTest, OneAttemptIsMadeHoweverLongTheServerSaysToWait) {
  Reconnect reconnect({absl::Seconds(1)});
  EXPECT_EQ(reconnect.Lost(kStart, absl::Minutes(1), 0), absl::Minutes(1));
  EXPECT_EQ(reconnect.Lost(kStart + absl::Minutes(1), absl::Minutes(1), 0),
            absl::nullopt);
}

TEST(ReconnectTest, ItMayGoOnForEverOrNotAtAll) {
  Reconnect ever({absl::InfiniteDuration()});
  EXPECT_TRUE(ever.Lost(kStart, absl::nullopt, 0).has_value());
  EXPECT_EQ(ever.Lost(kStart + absl::Hours(100000), absl::nullopt, 0),
            absl::Seconds(4));
  Reconnect never({absl::ZeroDuration()});
  EXPECT_EQ(never.Lost(kStart, absl::nullopt, 0), absl::nullopt);
}

}  // namespace
}  // namespace sluice
