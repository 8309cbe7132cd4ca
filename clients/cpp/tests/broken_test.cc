// Connections that are cut, silent or slow, and a bridge that is killed:
// nothing is lost, nothing is there twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <random>
#include <string>
#include <vector>

#include "sluice/publisher.h"
#include "support/bridge.h"
#include "support/proxy.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

using testing::Bridge;
using testing::Numbers;
using testing::Proxy;
using testing::Reader;
using testing::Received;
using testing::Texts;
using testing::Until;

std::vector<std::string> Done(std::vector<std::string> texts) {
  texts.emplace_back("[DONE]");
  return texts;
}

// Of SLUICE_SEED, or of a seed that is printed.
std::mt19937_64 Dice() {
  const char* given = std::getenv("SLUICE_SEED");
  const std::uint64_t seed = given != nullptr
                                 ? std::strtoull(given, nullptr, 10)
                                 : std::random_device{}();
  std::printf("SLUICE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return std::mt19937_64(seed);
}

TEST(BrokenTest, WhatWasStoredButNotAcknowledgedIsADuplicate) {
  const Bridge bridge;
  Proxy proxy(bridge.grpc());
  Publisher publisher(proxy.target());
  ASSERT_OK(publisher.Publish("unheard", Text("0")));
  ASSERT_OK(publisher.Flush());
  proxy.set_mute(true);
  for (const auto& n : Numbers(1, 100)) {
    ASSERT_OK(publisher.Publish("unheard", Text(n)));
  }
  const Reader reader(bridge, "/v1/topics/unheard/events");
  Until("all is stored", [&] { return reader.received().size() == 100; });
  EXPECT_EQ(publisher.totals().accepted, 1u);
  proxy.set_mute(false);
  proxy.Cut();
  ASSERT_OK(publisher.End("unheard"));
  const auto totals = publisher.Close();
  ASSERT_OK(totals);
  EXPECT_EQ(totals->accepted, 1u);
  EXPECT_EQ(totals->duplicates, 99u);
  EXPECT_EQ(Texts(reader.All()), Done(Numbers(0, 100)));
}

TEST(BrokenTest, ConnectionsThatAreCutAnywhereLoseAndDoubleNothing) {
  const Bridge bridge;
  auto dice = Dice();
  int cuts = 0;
  Proxy proxy(bridge.grpc(), [&]() -> std::int64_t {
    if (++cuts > 25) return std::int64_t{1} << 60;  // the last ones live
    // Enough for HTTP/2 to begin, and then anywhere.
    return std::uniform_int_distribution<std::int64_t>(500, 40'000)(dice);
  });
  PublisherOptions options;
  options.buffer_events = 200;
  Publisher publisher(proxy.target(), options);
  constexpr int kEach = 1500;
  const auto publish = [&publisher](const std::string& topic) {
    for (int n = 0; n < kEach; ++n) {
      const std::string text =
          std::to_string(n) + " " + std::string(n * 7 % 300, 'x');
      ASSERT_OK(publisher.Publish(topic, Text(text)));
    }
    ASSERT_OK(publisher.End(topic));
  };
  auto second = std::async(std::launch::async, publish, "cut.2");
  publish("cut.1");
  second.get();
  const auto totals = publisher.Close();
  ASSERT_OK(totals);
  EXPECT_EQ(totals->accepted + totals->duplicates, std::uint64_t{2 * kEach});
  for (const char* topic : {"cut.1", "cut.2"}) {
    std::vector<std::string> got;
    for (const std::string& text : Texts(bridge.Events(topic))) {
      got.push_back(text.substr(0, text.find(' ')));
    }
    EXPECT_EQ(got, Done(Numbers(0, kEach)));
  }
  EXPECT_GE(proxy.connections(), 5);
}

TEST(BrokenTest, ABridgeThatTakesNothingKeepsTheBufferBounded) {
  const Bridge bridge;
  Proxy proxy(bridge.grpc());
  PublisherOptions options;
  options.buffer_bytes = 256 << 10;
  Publisher publisher(proxy.target(), options);
  ASSERT_OK(publisher.Publish("slow", Text("first")));
  ASSERT_OK(publisher.Flush());
  proxy.set_deaf(true);
  std::uint64_t sent = 1;
  for (;; ++sent) {
    const absl::Status status = publisher.Publish(
        "slow", Text(std::string(5000, 'x')), absl::Milliseconds(200));
    if (absl::IsDeadlineExceeded(status)) break;
    ASSERT_OK(status);
    ASSERT_LE(sent, 60u) << "events of 5 KB in a buffer of 256 KiB";
  }
  proxy.set_deaf(false);
  EXPECT_EQ(publisher.Close()->accepted, sent);
}

TEST(BrokenTest, APublisherWaitsForABridgeThatIsNotThereYet) {
  Bridge bridge;
  bridge.Kill();
  std::atomic<int> calls{0};
  PublisherOptions options;
  options.metadata = [&calls] {
    ++calls;
    return Metadata();
  };
  Publisher publisher(bridge.grpc(), options);
  ASSERT_OK(publisher.Publish("early", Text("x")));
  ASSERT_OK(publisher.End("early"));
  Until("some attempts", [&] { return calls > 2; });
  bridge.Start();
  ASSERT_OK(publisher.Close());
  EXPECT_EQ(Texts(bridge.Events("early")), Done({"x"}));
}

TEST(BrokenTest, ATopicThatRestsWhileTheConnectionBreaksIsStillItsProducers) {
  const Bridge bridge({"--producer_grace=1s"});
  Proxy proxy(bridge.grpc());
  std::promise<std::string> stopped;
  PublisherOptions options;
  options.on_abort = v1::ON_ABORT_FAIL;
  options.on_stop = [&](const std::string& topic, const std::string& reason) {
    stopped.set_value(topic + " " + reason);
  };
  Publisher publisher(proxy.target(), options);
  ASSERT_OK(publisher.Publish("rests", Text("x")));
  ASSERT_OK(publisher.Flush());
  proxy.Cut();
  Until("a new connection", [&] { return proxy.connections() > 1; });
  bridge.Stop("rests", "enough");
  EXPECT_EQ(stopped.get_future().get(), "rests enough");
  ASSERT_OK(publisher.End("rests"));
  ASSERT_OK(publisher.Close());
  EXPECT_EQ(Texts(bridge.Events("rests")), Done({"x"}));
}

TEST(BrokenTest, ATopicFailsWhoseProducerIsLost) {
  const Bridge bridge({"--producer_grace=100ms"});
  PublisherOptions options;
  options.on_abort = v1::ON_ABORT_FAIL;
  Publisher publisher(bridge.grpc(), options);
  ASSERT_OK(publisher.Publish("lost", Text("x")));
  ASSERT_OK(publisher.Flush());
  publisher.Cancel();
  const Reader reader(bridge, "/v1/topics/lost/events");
  EXPECT_EQ(reader.All().at(1).type, "error");
}

TEST(BrokenTest, ATopicThatWasEndedElsewhereIsNoErrorUntilItIsUsed) {
  const Bridge bridge({"--http_publish"});
  Proxy proxy(bridge.grpc());
  Publisher publisher(proxy.target());
  ASSERT_OK(publisher.Publish("elsewhere", Text("x")));
  ASSERT_OK(publisher.Flush());
  EXPECT_EQ(
      testing::Http(bridge.http(), "POST", "/v1/topics/elsewhere/end").status,
      200);
  proxy.Cut();
  ASSERT_OK(publisher.Publish("another", Text("y")));
  EXPECT_EQ(publisher.Close()->accepted, 2u);
}

// A reader follows while the bridge is killed in the middle and started again.
void PublishOverAKill(const std::string& path, const std::string& reason) {
  constexpr int kCount = 2000;
  Bridge bridge;
  PublisherOptions options;
  options.buffer_events = 100;
  Publisher publisher(bridge.grpc(), options);
  const Reader reader(bridge, path);
  Until("the reader", [&] { return reader.joined() > 0; });
  std::promise<void> killed;
  auto published = std::async(std::launch::async, [&]() -> absl::Status {
    for (int n = 0; n < kCount; ++n) {
      if (n == kCount / 2) killed.get_future().wait();
      const auto status = publisher.Publish("killed", Text(std::to_string(n)));
      if (!status.ok()) return status;
    }
    return publisher.End("killed");
  });
  Until("half of the first half",
        [&] { return reader.received().size() > kCount / 4; });
  bridge.Kill();
  killed.set_value();
  bridge.Start();
  ASSERT_OK(published.get());
  const auto totals = publisher.Close();
  ASSERT_OK(totals);
  EXPECT_EQ(totals->accepted, std::uint64_t{kCount});
  EXPECT_EQ(totals->duplicates, 0u);  // the new bridge has an empty log

  std::vector<std::string> before;
  std::vector<std::string> after;
  int gaps = 0;
  for (const Received& event : reader.All()) {
    if (event.type == "sluice.gap") {
      ++gaps;
      EXPECT_THAT(event.data,
                  ::testing::HasSubstr("\"reason\":\"" + reason + "\""));
    } else if (event.type != "sluice.ended") {
      (gaps == 0 ? before : after).push_back(event.data);
    }
  }
  EXPECT_EQ(gaps, 1);
  EXPECT_EQ(before, Numbers(0, static_cast<int>(before.size())));
  // Of the events the first bridge has acknowledged as many as the second did
  // not get: all others are there, once.
  const int rest = static_cast<int>(after.size()) - 1;
  EXPECT_EQ(after, Done(Numbers(kCount - rest, kCount)));
  EXPECT_GE(rest, kCount / 2);
}

TEST(BrokenTest, AfterAKillReadersOfManyTopicsAreToldTheGapAndGetWhatFollows) {
  PublishOverAKill("/v1/events?topic=killed", "epoch_changed");
}

TEST(BrokenTest, AfterAKillReadersOfATopicAreToldTheGapAndGetWhatFollows) {
  // Its ids are the producer's.
  PublishOverAKill("/v1/topics/killed/events", "unknown_id");
}

}  // namespace
}  // namespace sluice
