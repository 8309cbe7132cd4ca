#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "bridge/http/encoded_run.h"
#include "bridge/http/stats_feed.h"

namespace sluice {
namespace {

TEST(StatsTest, RatesAreWhatHasBeenAddedASecond) {
  Stats before;
  before.up_ms = 10000;
  before.published = 5;
  before.counters.deliveries = 100;
  before.counters.bytes = 1000;
  Stats now;
  now.up_ms = 12500;
  now.published = 15;
  now.connections = 3;
  now.counters = {2, 1100, 6001, 4};
  now.backlog.Add(0);
  now.backlog.Add(7);
  now.backlog.Add(5);
  now.log = {8, 9000};
  now.memory = 123456;
  EXPECT_EQ(now.ToJson(before),
            "{\"uptime_seconds\":12,\"connections\":3,\"streams\":2,"
            "\"behind\":2,\"lag\":7,\"topics\":8,\"log_bytes\":9000,"
            "\"published\":15,\"published_per_second\":4,"
            "\"deliveries\":1100,\"deliveries_per_second\":400,"
            "\"bytes\":6001,\"bytes_per_second\":2000,\"gaps\":4,"
            "\"memory\":123456}");
}

TEST(StatsTest, TheFirstEventHasNoRates) {
  Stats now;
  now.published = 15;
  EXPECT_NE(now.ToJson(now).find("\"published_per_second\":0,"),
            std::string::npos);
}

TEST(EncodedRunTest, CountsTheFramesFromAPlaceOn) {
  EncodedRun run;
  run.bytes = std::make_shared<const std::string>(30, 'x');
  run.marks = {{1, 1, 0}, {4, 6, 10}, {7, 7, 20}};
  EXPECT_EQ(run.FramesFrom(0), 3u);
  EXPECT_EQ(run.FramesFrom(10), 2u);
  EXPECT_EQ(run.FramesFrom(20), 1u);
  EXPECT_EQ(run.FramesFrom(30), 0u);
}

}  // namespace
}  // namespace sluice
