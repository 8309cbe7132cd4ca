#include "sluice/internal/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

namespace sluice::internal {
namespace {

v1::Interest InterestIn(const std::string& topic, std::uint64_t subscribers) {
  v1::Interest interest;
  interest.set_topic(topic);
  interest.set_subscribers(subscribers);
  return interest;
}

v1::Stop StopOf(const std::string& topic, const std::string& reason) {
  v1::Stop stop;
  stop.set_topic(topic);
  stop.set_reason(reason);
  return stop;
}

TEST(NoticesTest, SlowCallbacksAreToldTheLastOfEachTopic) {
  std::vector<std::string> told;
  std::promise<void> first;
  std::promise<void> go_on;
  std::promise<void> last;
  Notices notices(
      [&](const std::string& topic, std::uint64_t subscribers) {
        told.push_back(topic + std::to_string(subscribers));
        if (told.size() > 1) return;
        first.set_value();
        go_on.get_future().wait();
      },
      [&](const std::string& topic, const std::string& reason) {
        told.push_back(topic + reason);
        last.set_value();
      });
  notices.Add(InterestIn("a", 7));
  first.get_future().wait();
  for (std::uint64_t n = 0; n < 100; ++n) {
    notices.Add(InterestIn("a", n));
    notices.Add(InterestIn("b", n));
  }
  notices.Add(StopOf("b", "!"));
  go_on.set_value();
  last.get_future().wait();
  notices.Join();
  EXPECT_THAT(told, ::testing::ElementsAre("a7", "a99", "b99", "b!"));
}

TEST(NoticesTest, NoneBeginsAfterClose) {
  int told = 0;
  std::promise<void> first;
  std::promise<void> go_on;
  Notices notices(
      [&](const std::string&, std::uint64_t) {
        if (++told > 1) return;
        first.set_value();
        go_on.get_future().wait();
      },
      nullptr);
  notices.Add(InterestIn("a", 1));
  first.get_future().wait();
  notices.Add(InterestIn("b", 1));
  notices.Close();
  go_on.set_value();
  notices.Join();
  EXPECT_EQ(told, 1);
}

TEST(NoticesTest, ThreadsMayAddAndCloseAtOnce) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> told{0};
    const auto tell = [&told](const std::string&, const auto&) { ++told; };
    Notices notices(tell, tell);
    std::thread adding([&notices] {
      for (std::uint64_t n = 0; n < 100; ++n) {
        notices.Add(InterestIn(std::to_string(n % 3), n));
        notices.Add(StopOf(std::to_string(n % 3), "x"));
      }
    });
    std::thread closing([&notices] { notices.Close(); });
    adding.join();
    closing.join();
    notices.Join();
    EXPECT_LE(told, 200);
  }
}

}  // namespace
}  // namespace sluice::internal
