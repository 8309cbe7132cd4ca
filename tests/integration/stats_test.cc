#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

// The server's own numbers, as a reader of sluice.stats gets them.
class StatsTest : public BridgeTest {
 protected:
  static constexpr char kStats[] = "sluice.stats";

  // Reads events until one is what was waited for. Null if none came.
  template <typename Wanted>
  static Json Await(RawClient& reader, const Wanted& wanted) {
    for (size_t seen = 0;;) {
      bool complete = false;
      const auto events =
          ParseEvents(Unchunk(BodyOf(reader.received()), &complete));
      for (; seen < events.size(); ++seen) {
        Json stats = Json::parse(events[seen].data, nullptr, false);
        if (stats.is_object() && wanted(stats)) return stats;
      }
      // A sentence of the failure is more than a hang.
      if (seen > 30 || !reader.ReadSome()) return nullptr;
    }
  }

  std::unique_ptr<RawClient> Read(const std::string& target,
                                  int receive_buffer = 0) {
    auto reader =
        std::make_unique<RawClient>(bridge_->http_port(), receive_buffer);
    reader->Send(Get(target));
    return reader;
  }
};

TEST_F(StatsTest, CountsStreamsTopicsEventsAndDeliveriesOfAllLoops) {
  Start();
  std::vector<std::unique_ptr<RawClient>> readers;
  for (int i = 0; i < 6; ++i) {
    readers.push_back(Read("/v1/topics/t/events"));
    ASSERT_TRUE(readers.back()->ReadUntil("retry: "));
  }
  const auto stats = Read("/v1/topics/sluice.stats/events");
  const Json before =
      Await(*stats, [](const Json& s) { return s["streams"] == 7; });
  ASSERT_FALSE(before.is_null()) << stats->received();
  EXPECT_EQ(before["connections"], 7);
  EXPECT_EQ(before["gaps"], 0);
  EXPECT_GT(before["memory"], 1 << 20);

  Publish("t", {"1", "2", "3", "4"}, false);
  // Its own events are counted as well: one for each that has come.
  const auto delivered = [&](const Json& s) {
    return s["deliveries"] >= before["deliveries"].get<int>() + 6 * 4;
  };
  const Json after = Await(*stats, delivered);
  ASSERT_FALSE(after.is_null()) << stats->received();
  EXPECT_LE(after["deliveries"], before["deliveries"].get<int>() + 6 * 4 + 30);
  EXPECT_GE(after["published"], before["published"].get<int>() + 4 + 1);
  EXPECT_LE(after["published"], before["published"].get<int>() + 4 + 30);
  EXPECT_EQ(after["topics"], 2);
  EXPECT_GT(after["bytes"], before["bytes"].get<int>() + 6 * 4);
  EXPECT_GT(after["log_bytes"], 0);

  readers.resize(2);
  EXPECT_FALSE(
      Await(*stats, [](const Json& s) { return s["streams"] == 3; }).is_null());
}

TEST_F(StatsTest, CountsGapsAndReadersThatAreBehind) {
  config_.retention_events = 10;
  Start();
  Publish("t", {"old"}, false);
  const auto slow = Read("/v1/topics/t/events", 4096);
  ASSERT_TRUE(slow->ReadUntil("data: old"));
  const auto stats = Read("/v1/topics/sluice.stats/events");
  const std::string large(512 << 10, 'x');
  Publish("t", {large, large, large}, false);
  const Json behind =
      Await(*stats, [](const Json& s) { return s["behind"] == 1; });
  ASSERT_FALSE(behind.is_null());
  EXPECT_GT(behind["lag"], 0);
  for (int i = 0; i < 10; ++i) Publish("t", {"new", "new"}, false);
  // It is told of what is gone when it reads on.
  ASSERT_TRUE(slow->ReadUntil("sluice.gap"));
  ASSERT_TRUE(slow->ReadUntil("data: new"));
  EXPECT_FALSE(Await(*stats, [](const Json& s) {
                 return s["gaps"] == 1 && s["behind"] == 0;
               }).is_null());
}

TEST_F(StatsTest, IsThereForReadersAloneAndOnlyWhileSomebodyReads) {
  Start();
  // Whoever watches everything does not wake it.
  const auto all = Read("/v1/events?topic=%3E&from=earliest");
  ASSERT_TRUE(all->ReadUntil("retry: "));
  Publish("t", {"x"}, false);
  ASSERT_TRUE(all->ReadUntil("data: x"));
  const auto history = [&] {
    RawClient client(bridge_->http_port());
    client.Send(
        Get("/v1/topics/sluice.stats/history", "Connection: close\r\n"));
    return client.ReadToEnd();
  };
  EXPECT_EQ(StatusOf(history()), 404);
  {
    const auto first = Read("/v1/topics/sluice.stats/events");
    ASSERT_TRUE(first->ReadUntil("\"streams\":2"));
    EXPECT_EQ(Subscribers(kStats), 1u);
  }
  EXPECT_EQ(StatusOf(history()), 200);
  const auto again = Read("/v1/topics/sluice.stats/events?from=latest");
  ASSERT_TRUE(again->ReadUntil("\"streams\":2"));
  EXPECT_EQ(all->received().find("uptime_seconds"), std::string::npos);
}

TEST_F(StatsTest, IsThereUnderRequireTopicsToo) {
  config_.require_topics = true;
  Start();
  const auto stats = Read("/v1/topics/sluice.stats/events");
  EXPECT_TRUE(stats->ReadUntil("\"streams\":1"));
  const auto other = Read("/v1/topics/sluice.other/events");
  EXPECT_TRUE(other->ReadUntil("404 Not Found"));
}

}  // namespace
}  // namespace sluice
