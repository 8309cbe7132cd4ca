#include "sluice/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/bridge.h"
#include "support/proxy.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

using testing::Bridge;
using ::testing::MatchesRegex;
using testing::Numbers;
using testing::Proxy;
using testing::Reader;
using testing::Texts;
using testing::Until;

std::vector<std::string> Done(std::vector<std::string> texts) {
  texts.emplace_back("[DONE]");
  return texts;
}

// What callbacks are told, one after the other.
class Told {
 public:
  void Add(std::string text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    told_.push_back(std::move(text));
  }
  std::string Next() {
    std::string next;
    Until("a callback", [&] {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (told_.empty()) return false;
      next = told_.front();
      told_.pop_front();
      return true;
    });
    return next;
  }

 private:
  std::mutex mutex_;
  std::deque<std::string> told_;
};

TEST(PublisherTest, WhatIsPublishedIsReadInOrder) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  for (const auto& n : Numbers(0, 1000)) {
    ASSERT_OK(publisher.Publish("order", Text(n)));
  }
  ASSERT_OK(publisher.End("order"));
  const auto totals = publisher.Close();
  ASSERT_OK(totals);
  EXPECT_EQ(totals->accepted, 1000u);
  EXPECT_THAT(totals->last_cursor, MatchesRegex("[a-z2-7]{13}-[0-9]+"));
  EXPECT_EQ(Texts(bridge.Events("order")), Done(Numbers(0, 1000)));
  EXPECT_EQ(publisher.Close()->last_cursor, totals->last_cursor);
}

TEST(PublisherTest, APublisherThatWasNotUsedCloses) {
  Publisher publisher("127.0.0.1:9");
  ASSERT_OK(publisher.Close());
  EXPECT_EQ(publisher.totals().accepted, 0u);
  EXPECT_CODE(publisher.Publish("closed", Text("x")), kCancelled);
  const Publisher another("127.0.0.1:9");
}

TEST(PublisherTest, EveryEventHasAnId) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  Event own = Text("x");
  ASSERT_OK(publisher.Publish("ids", own));
  ASSERT_OK(publisher.Publish("ids", own));
  own.set_id("mine");
  ASSERT_OK(publisher.Publish("ids", own));
  ASSERT_OK(publisher.End("ids"));
  ASSERT_OK(publisher.Close());
  const auto events = bridge.Events("ids");
  const char* const made = "[0-9a-f]{16}\\.[12]";
  EXPECT_THAT(events[0].id, MatchesRegex(made));
  EXPECT_THAT(events[1].id, MatchesRegex(made));
  EXPECT_NE(events[0].id, events[1].id);
  EXPECT_EQ(events[2].id, "mine");
}

TEST(PublisherTest, FlushWaitsUntilAllIsStored) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  for (const auto& n : Numbers(0, 500)) {
    ASSERT_OK(publisher.Publish("flush", Text(n)));
  }
  ASSERT_OK(publisher.Flush());
  const auto page =
      testing::Http(bridge.http(), "GET", "/v1/topics/flush/history?last=1");
  EXPECT_THAT(page.body, ::testing::HasSubstr("\"data\":\"499\""));
  EXPECT_EQ(publisher.totals().accepted, 500u);
}

TEST(PublisherTest, TheDestructorStoresWhatIsInTheBuffer) {
  const Bridge bridge;
  {
    Publisher publisher(bridge.grpc());
    for (const auto& n : Numbers(0, 300)) {
      ASSERT_OK(publisher.Publish("left", Text(n)));
    }
    ASSERT_OK(publisher.End("left"));
  }
  EXPECT_EQ(Texts(bridge.Events("left")), Done(Numbers(0, 300)));
}

TEST(PublisherTest, ThreadsAndTopicsMayShareAPublisher) {
  const Bridge bridge;
  PublisherOptions options;
  options.buffer_events = 7;
  Publisher publisher(bridge.grpc(), options);
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&publisher, topic = "shared." + std::to_string(n)] {
      for (const auto& text : Numbers(0, 200)) {
        EXPECT_OK(publisher.Publish(topic, Text(text)));
      }
      EXPECT_OK(publisher.End(topic));
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_OK(publisher.Close());
  for (int n = 0; n < 4; ++n) {
    EXPECT_EQ(Texts(bridge.Events("shared." + std::to_string(n))),
              Done(Numbers(0, 200)));
  }
}

TEST(PublisherTest, ManyEventsGoThroughASmallBuffer) {
  const Bridge bridge;
  PublisherOptions options;
  options.buffer_events = 3;
  options.buffer_bytes = 100;
  Publisher publisher(bridge.grpc(), options);
  std::uint64_t sent = 0;
  for (const auto& n : Numbers(0, 2000)) {
    ASSERT_OK(publisher.Publish("small", Text(n)));
    ++sent;
    ASSERT_LE(sent - publisher.totals().accepted, 3u);
  }
  ASSERT_OK(publisher.Publish("small", Text(std::string(5000, 'x'))));
  ASSERT_OK(publisher.End("small"));
  ASSERT_OK(publisher.Close());
  auto texts = Texts(bridge.Events("small"));
  ASSERT_EQ(texts.size(), 2002u);
  texts.resize(2000);
  EXPECT_EQ(texts, Numbers(0, 2000));
}

TEST(PublisherTest, ATopicMayFail) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  ASSERT_OK(
      publisher.Fail("fails", absl::StatusCode::kDataLoss, "no \xFF disk"));
  ASSERT_OK(publisher.Close());
  const auto events = bridge.Events("fails");
  EXPECT_EQ(events[0].type, "error");
  EXPECT_EQ(events[0].data,
            "{\"code\":\"DATA_LOSS\",\"message\":\"no \xEF\xBF\xBD disk\"}");
}

TEST(PublisherTest, InterestAndStopAreTold) {
  const Bridge bridge;
  Told told;
  PublisherOptions options;
  options.on_interest = [&](const std::string& topic, std::uint64_t count) {
    told.Add(topic + " " + std::to_string(count));
  };
  options.on_stop = [&](const std::string& topic, const std::string& reason) {
    told.Add(topic + " " + reason);
  };
  Publisher publisher(bridge.grpc(), options);
  ASSERT_OK(publisher.Announce("told"));
  EXPECT_EQ(told.Next(), "told 0");
  const Reader reader(bridge, "/v1/topics/told/events");
  EXPECT_EQ(told.Next(), "told 1");
  bridge.Stop("told", "enough");
  EXPECT_EQ(told.Next(), "told enough");
  ASSERT_OK(publisher.End("told"));
  reader.All();
  ASSERT_OK(publisher.Close());
}

TEST(PublisherTest, ACallbackMayPublishAndClose) {
  const Bridge bridge;
  std::promise<Publisher*> made;
  const auto ready = made.get_future().share();
  PublisherOptions options;
  options.buffer_events = 1;
  options.on_interest = [ready](const std::string& topic,
                                std::uint64_t subscribers) {
    if (subscribers == 0) return;
    Publisher& publisher = *ready.get();
    for (const auto& n : Numbers(0, 50)) {
      EXPECT_OK(publisher.Publish(topic, Text(n)));
    }
    EXPECT_OK(publisher.End(topic));
    EXPECT_OK(publisher.Close());
  };
  Publisher publisher(bridge.grpc(), options);
  made.set_value(&publisher);
  ASSERT_OK(publisher.Announce("wanted"));
  const Reader reader(bridge, "/v1/topics/wanted/events");
  EXPECT_EQ(Texts(reader.All()), Done(Numbers(0, 50)));
}

TEST(PublisherTest, APublisherMayGoWhileACallbackPublishes) {
  const Bridge bridge;
  for (int round = 0; round < 20; ++round) {
    std::promise<Publisher*> made;
    const auto ready = made.get_future().share();
    std::atomic<bool> busy{false};
    PublisherOptions options;
    options.buffer_events = 2;
    options.on_interest = [&](const std::string& topic, std::uint64_t) {
      Publisher& publisher = *ready.get();
      while (publisher.Publish(topic, Text("x")).ok()) busy = true;
    };
    Publisher publisher(bridge.grpc(), options);
    made.set_value(&publisher);
    ASSERT_OK(publisher.Announce("going"));
    Until("the callback", [&] { return busy.load(); });
  }
}

TEST(PublisherTest, ATimeoutEndsTheWaitingAndNotThePublisher) {
  const Bridge bridge;
  Proxy proxy(bridge.grpc());
  PublisherOptions options;
  options.buffer_events = 2;
  Publisher publisher(proxy.target(), options);
  proxy.set_deaf(true);
  ASSERT_OK(publisher.Publish("waits", Text("0")));
  ASSERT_OK(publisher.Publish("waits", Text("1")));
  const absl::Duration brief = absl::Milliseconds(10);
  EXPECT_CODE(publisher.Publish("waits", Text("2"), brief), kDeadlineExceeded);
  EXPECT_CODE(publisher.End("waits", absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_EQ(publisher.Flush(brief).message(),
            "2 events are not acknowledged yet");
  EXPECT_CODE(publisher.Close(brief), kDeadlineExceeded);
  proxy.set_deaf(false);
  EXPECT_EQ(publisher.Close()->accepted, 2u);
}

TEST(PublisherTest, CloseEndsTheWaitingForRoom) {
  const Bridge bridge;
  Proxy proxy(bridge.grpc());
  PublisherOptions options;
  options.buffer_events = 1;
  Publisher publisher(proxy.target(), options);
  proxy.set_deaf(true);
  ASSERT_OK(publisher.Publish("waits", Text("0")));
  auto waiting = std::async(std::launch::async, [&publisher] {
    return publisher.Publish("waits", Text("1"));
  });
  EXPECT_CODE(publisher.Close(absl::ZeroDuration()), kDeadlineExceeded);
  EXPECT_CODE(waiting.get(), kCancelled);
  proxy.set_deaf(false);
  EXPECT_EQ(publisher.Close()->accepted, 1u);
}

TEST(PublisherTest, ThreadsMayPublishCancelAndCloseAtOnce) {
  const Bridge bridge;
  for (int round = 0; round < 30; ++round) {
    Publisher publisher(bridge.grpc());
    std::vector<std::thread> threads;
    for (int n = 0; n < 2; ++n) {
      threads.emplace_back([&publisher] {
        while (publisher.Publish("at.once", Text("x")).ok()) {
        }
      });
    }
    threads.emplace_back([&publisher] { (void)publisher.Flush(); });
    threads.emplace_back([&publisher, round] {
      Until("some", [&] { return publisher.totals().accepted > 50; });
      if (round % 2 == 0) publisher.Cancel();
      EXPECT_OK(publisher.Close());
    });
    threads.emplace_back([&publisher] {
      Until("some", [&] { return publisher.totals().accepted > 50; });
      EXPECT_OK(publisher.Close());
    });
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(PublisherTest, PublishersMayShareAChannel) {
  const Bridge bridge;
  const auto channel = Connect(bridge.grpc());
  {
    Publisher one(channel);
    Publisher two(channel);
    ASSERT_OK(one.Publish("both", Text("1")));
    ASSERT_OK(one.Flush());
    ASSERT_OK(two.Publish("both", Text("2")));
    ASSERT_OK(two.End("both"));
  }
  EXPECT_EQ(Texts(bridge.Events("both")), Done(Numbers(1, 3)));
}

}  // namespace
}  // namespace sluice
