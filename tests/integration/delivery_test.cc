#include <gmock/gmock.h>

#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bridge/event/cursor.h"
#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::EndsWith;

class DeliveryTest : public BridgeTest {
 protected:
  static std::vector<SseEvent> Events(RawClient& client, bool* complete) {
    return ParseEvents(Unchunk(BodyOf(client.received()), complete));
  }

  static int NumberOf(const SseEvent& event) {
    const std::vector<std::string> parts = absl::StrSplit(event.data, ':');
    int number = -1;
    EXPECT_TRUE(parts.size() == 3 && absl::SimpleAtoi(parts[1], &number));
    return number;
  }

  // All of `count` events of one producer, in order, and the end.
  static void ExpectWhole(RawClient& client, int count, size_t bytes) {
    bool complete = false;
    const std::vector<SseEvent> events = Events(client, &complete);
    EXPECT_TRUE(complete);
    ASSERT_EQ(events.size(), static_cast<size_t>(count) + 1);
    const std::string padding(bytes, 'x');
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(events[static_cast<size_t>(i)].data,
                absl::StrCat("p:", i, ":", padding));
    }
    EXPECT_EQ(events.back().data, "[DONE]");
  }
};

TEST_F(DeliveryTest, FastAndSlowReadersGetEachEventOnceAndInOrder) {
  constexpr int kEvents = 10000;
  Start();
  std::vector<std::thread> readers;
  for (int r = 0; r < 20; ++r) {
    auto client = std::make_shared<RawClient>(bridge_->http_port(),
                                              r % 2 == 0 ? 0 : 4096);
    client->Send(GetTopic("t"));
    ASSERT_TRUE(client->ReadUntil(": sluice\n"));
    readers.emplace_back([client, r] {
      while (client->ReadSome(r % 2 == 0 ? 64 << 10 : 1000)) {
      }
      ExpectWhole(*client, kEvents, 1024);
    });
  }
  StreamEvents(channel_, "t", "p", kEvents, 1024);
  Publish("t", {}, true);
  for (std::thread& reader : readers) reader.join();
}

TEST_F(DeliveryTest, ALateReaderGetsABigTopicFromItsBeginning) {
  Start();
  StreamEvents(channel_, "t", "p", 5000, 1024);
  Publish("t", {}, true);
  for (int receive_buffer : {0, 4096}) {
    RawClient client(bridge_->http_port(), receive_buffer);
    client.Send(GetTopic("t"));
    client.ReadToEnd();
    ExpectWhole(client, 5000, 1024);
  }
}

TEST_F(DeliveryTest, AReaderThatStoppedReadingIsToldOfTheGap) {
  constexpr int kEvents = 20000;
  config_.retention_events = 100;
  Start();
  RawClient client(bridge_->http_port(), 4096);
  client.Send(GetTopic("t"));
  ASSERT_TRUE(client.ReadUntil(": sluice\n"));
  StreamEvents(channel_, "t", "p", kEvents, 1024);
  Publish("t", {}, true);
  client.ReadToEnd();
  bool complete = false;
  const std::vector<SseEvent> events = Events(client, &complete);
  EXPECT_TRUE(complete);
  int gaps = 0;
  int next = 0;
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    if (events[i].type == "sluice.gap") {
      ++gaps;
      const auto cursor = Cursor::Parse(events[i].id);
      ASSERT_TRUE(cursor);
      // The bridge's only topic: event 0 is entry 1.
      ASSERT_GT(static_cast<int>(cursor->offset), next);
      next = static_cast<int>(cursor->offset);
      continue;
    }
    ASSERT_EQ(NumberOf(events[i]), next);
    ++next;
  }
  EXPECT_EQ(next, kEvents);
  EXPECT_GE(gaps, 1);
  EXPECT_EQ(events.back().data, "[DONE]");
}

TEST_F(DeliveryTest, ReadersThatComeAndGoLoseNothingOfSeveralProducers) {
  constexpr int kProducers = 4;
  constexpr int kEvents = 3000;
  constexpr int kReaders = 8;
  Start();
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([channel = NewChannel(), p] {
      StreamEvents(channel, "t", absl::StrCat(p), kEvents, 200);
    });
  }
  std::vector<std::vector<SseEvent>> seen(kReaders);
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([this, r, &mine = seen[static_cast<size_t>(r)]] {
      std::minstd_rand random(static_cast<unsigned>(r + 1));
      for (bool done = false; !done;) {
        RawClient client(bridge_->http_port());
        client.Send(GetTopic(
            "t", mine.empty() ? ""
                              : absl::StrCat("Last-Event-ID: ", mine.back().id,
                                             "\r\n")));
        const size_t enough = random() % 300000;
        while (client.received().size() < enough &&
               client.ReadSome(1 + random() % 30000)) {
        }
        for (SseEvent& event : Events(client, &done))
          mine.push_back(std::move(event));
        if (::testing::Test::HasFailure()) return;
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  Publish("t", {}, true);
  for (std::thread& reader : readers) reader.join();

  ASSERT_EQ(seen[0].size(), static_cast<size_t>(kProducers * kEvents + 1));
  int next[kProducers] = {};
  for (size_t i = 0; i + 1 < seen[0].size(); ++i) {
    int producer = -1;
    ASSERT_TRUE(absl::SimpleAtoi(seen[0][i].data.substr(0, 1), &producer));
    ASSERT_EQ(NumberOf(seen[0][i]), next[producer]++);
  }
  for (const auto& others : seen) EXPECT_TRUE(others == seen[0]);
}

}  // namespace
}  // namespace sluice
