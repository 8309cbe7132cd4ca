#include "bridge/grpc/subscriber_service.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sluice/v1/subscriber_service.grpc.pb.h"
#include "tests/unit/grpc/server_fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A subscription, and what it says in words.
class Subscription {
 public:
  Subscription(v1::SubscriberService::Stub& stub,
               const v1::SubscribeRequest& request)
      : reader_(stub.Subscribe(&context_, request)) {}

  // Returns once the subscription stands.
  void WaitUntilItStands() { reader_->WaitForInitialMetadata(); }

  // The next message; empty at the end.
  std::string Next() {
    v1::SubscribeResponse message;
    if (!reader_->Read(&message)) return "";
    if (message.has_delivery()) {
      cursor = message.delivery().cursor();
      return absl::StrCat(message.delivery().topic(), " ",
                          message.delivery().event().text());
    }
    if (message.has_gap()) {
      return absl::StrCat("gap ", v1::GapReason_Name(message.gap().reason()),
                          " ", absl::StrJoin(message.gap().topics(), ","));
    }
    if (message.has_ended()) {
      cursor = message.ended().cursor();
      return absl::StrCat(message.ended().topic(), " ended ",
                          message.ended().error().message());
    }
    cursor = message.position().cursor();
    return "position";
  }
  std::vector<std::string> Next(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(Next());
    return all;
  }
  std::vector<std::string> All() {
    std::vector<std::string> all;
    for (std::string one = Next(); !one.empty(); one = Next())
      all.push_back(one);
    return all;
  }

  grpc::Status Finish() { return reader_->Finish(); }
  void Cancel() { context_.TryCancel(); }

  std::string cursor;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeResponse>> reader_;
};

class SubscriberServiceTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    stub_ = v1::SubscriberService::NewStub(channel_);
  }

  static v1::SubscribeRequest To(const std::vector<std::string>& topics) {
    v1::SubscribeRequest request;
    for (const std::string& topic : topics) request.add_topics(topic);
    return request;
  }
  static v1::SubscribeRequest After(const std::string& cursor,
                                    const std::vector<std::string>& topics) {
    v1::SubscribeRequest request = To(topics);
    request.set_cursor(cursor);
    return request;
  }

  void Publish(const std::string& topic, const std::vector<std::string>& texts,
               bool end = false) {
    Store::AppendRequest request;
    request.topic = topic;
    for (const std::string& text : texts) {
      request.events.push_back({absl::StrCat("id-", text), "", text});
    }
    if (end) request.end = sluice::End{};
    store_->Append(std::move(request), [](const auto& answer) {
      ASSERT_TRUE(answer.ok()) << answer.status();
    });
  }
  void Create(const std::string& topic, const TopicSettings& settings) {
    store_->Create(topic, settings, false,
                   [](const auto& info) { ASSERT_TRUE(info.ok()); });
  }

  std::unique_ptr<v1::SubscriberService::Stub> stub_;
};

TEST_F(SubscriberServiceTest, WhatIsKeptThenWhatIsNewThenTheEnd) {
  Publish("a", {"1", "2"});
  Subscription subscription(*stub_, To({"a"}));
  EXPECT_THAT(subscription.Next(2), ElementsAre("a 1", "a 2"));
  Publish("a", {"3"});
  EXPECT_EQ(subscription.Next(), "a 3");
  Publish("a", {}, true);
  EXPECT_THAT(subscription.All(), ElementsAre("a ended "));
  EXPECT_TRUE(subscription.Finish().ok());
  EXPECT_EQ(subscription.cursor, CursorOf(4));
}

TEST_F(SubscriberServiceTest, ADeliveryIsTheWholeEvent) {
  Store::AppendRequest request;
  request.topic = "a";
  request.events.push_back({"k", "kind", "{\"x\":1}", true, 1500});
  store_->Append(std::move(request), [](const auto&) {});
  grpc::ClientContext context;
  const auto reader = stub_->Subscribe(&context, To({"a"}));
  v1::SubscribeResponse message;
  ASSERT_TRUE(reader->Read(&message));
  const v1::Delivery& delivery = message.delivery();
  EXPECT_EQ(delivery.cursor(), CursorOf(1));
  EXPECT_EQ(delivery.event().id(), "k");
  EXPECT_EQ(delivery.event().type(), "kind");
  EXPECT_EQ(delivery.event().text(), "{\"x\":1}");
  EXPECT_EQ(delivery.event().retry().seconds(), 1);
  EXPECT_EQ(delivery.event().retry().nanos(), 500000000);
  EXPECT_TRUE(delivery.json());
  EXPECT_GT(delivery.time().seconds(), 0);
  context.TryCancel();
}

TEST_F(SubscriberServiceTest, GoesOnFromACursorAndOfOneTopicFromAnId) {
  Publish("a", {"1", "2", "3"});
  for (const std::string& id : {CursorOf(2), std::string("id-2")}) {
    Subscription subscription(*stub_, After(id, {"a"}));
    EXPECT_EQ(subscription.Next(), "a 3");
    subscription.Cancel();
  }
  Subscription several(*stub_, After("id-2", {"a", "b"}));
  EXPECT_EQ(several.Next(), "gap GAP_REASON_UNKNOWN_ID a,b");
  EXPECT_EQ(several.Next(), "a 1");
  several.Cancel();
}

TEST_F(SubscriberServiceTest, TheLastFew) {
  Publish("a", {"1", "2", "3"});
  v1::SubscribeRequest request = To({"a"});
  request.set_last(2);
  Subscription subscription(*stub_, request);
  EXPECT_THAT(subscription.Next(2), ElementsAre("a 2", "a 3"));
  subscription.Cancel();
}

TEST_F(SubscriberServiceTest, AtTheLatestThePlaceComesFirst) {
  Publish("a", {"1", "2"});
  v1::SubscribeRequest request = To({"a"});
  request.set_start(v1::START_LATEST);
  Subscription subscription(*stub_, request);
  subscription.WaitUntilItStands();
  Publish("a", {"3"});
  EXPECT_EQ(subscription.Next(), "position");
  EXPECT_EQ(subscription.cursor, CursorOf(2));
  EXPECT_EQ(subscription.Next(), "a 3");
  subscription.Cancel();
}

TEST_F(SubscriberServiceTest, WhoHasTheEndIsToldNothing) {
  Publish("a", {"1"}, true);
  Subscription subscription(*stub_, After(CursorOf(2), {"a"}));
  EXPECT_THAT(subscription.All(), IsEmpty());
  EXPECT_TRUE(subscription.Finish().ok());
}

TEST_F(SubscriberServiceTest, WhatIsLostIsAGap) {
  TopicSettings settings;
  settings.retention_events = 2;
  Create("a", settings);
  Publish("a", {"1", "2", "3", "4"}, true);
  Subscription trimmed(*stub_, After(CursorOf(1), {"a"}));
  EXPECT_THAT(trimmed.All(), ElementsAre("gap GAP_REASON_TRIMMED a", "a 3",
                                         "a 4", "a ended "));
  Subscription foreign(*stub_, After("aaaaaaaaaaaaa-1", {"a"}));
  EXPECT_EQ(foreign.Next(), "gap GAP_REASON_EPOCH_CHANGED a");
  EXPECT_THAT(foreign.All(), ElementsAre("a 3", "a 4", "a ended "));
}

TEST_F(SubscriberServiceTest, SeveralTopicsComeInTheLogsOrderAndEndTogether) {
  Publish("a", {"1"});
  Publish("b", {"2"});
  Publish("x", {"3"});
  Publish("a", {"4"}, true);
  Subscription subscription(*stub_, To({"a", "b"}));
  EXPECT_THAT(subscription.Next(4),
              ElementsAre("a 1", "b 2", "a 4", "a ended "));
  Publish("b", {"5"}, true);
  EXPECT_THAT(subscription.All(), ElementsAre("b 5", "b ended "));
  EXPECT_TRUE(subscription.Finish().ok());
}

TEST_F(SubscriberServiceTest, APatternStartsAtTheLatestAndTakesInNewTopics) {
  Publish("n.1", {"old"});
  Subscription subscription(*stub_, To({"n.*"}));
  EXPECT_EQ(subscription.Next(), "position");
  Publish("n.2", {"new"}, true);
  Publish("n.1", {"more"});
  EXPECT_THAT(subscription.Next(3),
              ElementsAre("n.2 new", "n.2 ended ", "n.1 more"));
  Subscription again(*stub_, After(CursorOf(2), {"n.*"}));
  EXPECT_THAT(again.Next(2), ElementsAre("n.2 ended ", "n.1 more"));
  again.Cancel();
  subscription.Cancel();
}

TEST_F(SubscriberServiceTest, ADeletedTopicEndsWithNotFound) {
  Publish("a", {"1"});
  Subscription subscription(*stub_, To({"a"}));
  EXPECT_EQ(subscription.Next(), "a 1");
  store_->Delete("a", [](const auto&) {});
  EXPECT_THAT(subscription.All(), ElementsAre("a ended the topic was deleted"));
}

TEST_F(SubscriberServiceTest, ASlowReaderGetsAllThatIsKeptAndAGapForTheRest) {
  TopicSettings settings;
  settings.retention_events = 10;
  Create("gap", settings);
  settings.slow_reader = TopicSettings::SlowReader::kDisconnect;
  Create("away", settings);
  for (const char* topic : {"gap", "away"}) {
    Subscription subscription(*stub_, To({topic}));
    Publish(topic, {"first"});
    EXPECT_EQ(subscription.Next(), absl::StrCat(topic, " first"));
    // More than waits anywhere on the way.
    const std::string padding(100000, 'x');
    for (int i = 0; i < 1000; ++i)
      Publish(topic, {absl::StrCat(i, padding)}, i == 999);
    const std::vector<std::string> all = subscription.All();
    if (topic == std::string("gap")) {
      ASSERT_FALSE(all.empty());
      EXPECT_THAT(all, testing::Contains("gap GAP_REASON_TRIMMED gap"));
      EXPECT_EQ(all.back(), "gap ended ");
      EXPECT_TRUE(subscription.Finish().ok());
    } else {
      EXPECT_EQ(subscription.Finish().error_code(), grpc::StatusCode::ABORTED);
    }
  }
}

TEST_F(SubscriberServiceTest, CountsAsASubscriberUntilItIsGone) {
  Subscription subscription(*stub_, To({"a", "b.*"}));
  subscription.WaitUntilItStands();
  EXPECT_EQ(hub_.Subscribers("a"), 1u);
  EXPECT_EQ(hub_.Subscribers("b.c"), 1u);
  subscription.Cancel();
  EXPECT_EQ(subscription.Finish().error_code(), grpc::StatusCode::CANCELLED);
  while (hub_.Subscribers("a") != 0) {
  }
}

TEST_F(SubscriberServiceTest, ADrainSendsThemAwayWithAllThereIs) {
  Publish("a", {"1"});
  Subscription subscription(*stub_, To({"a"}));
  subscription.WaitUntilItStands();
  server_->Drain(absl::Minutes(1));
  EXPECT_THAT(subscription.All(), ElementsAre("a 1"));
  EXPECT_EQ(subscription.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(SubscriberServiceTest, BadRequestsNameTheField) {
  std::vector<std::pair<v1::SubscribeRequest, std::string>> bad;
  bad.emplace_back(To({}), "topics");
  bad.emplace_back(To({"a..b"}), "topics");
  bad.emplace_back(To({"a", "*x"}), "topics");
  bad.emplace_back(To(std::vector<std::string>(65, "a")),
                   "max_topics_per_stream");
  bad.emplace_back(To({"a"}), "start");
  bad.back().first.set_start(static_cast<v1::Start>(9));
  bad.emplace_back(To({"a"}), "last");
  bad.back().first.set_last(-1);
  for (const auto& [request, field] : bad) {
    Subscription subscription(*stub_, request);
    EXPECT_THAT(subscription.All(), IsEmpty());
    const grpc::Status status = subscription.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(field));
  }
}

// Many subscriptions that come, read and go at any time, while all is written.
TEST_F(SubscriberServiceTest, NothingIsLostAndNothingStaysBehind) {
  constexpr int kEvents = 2000;
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([this, i] {
      int next = 0;
      std::string cursor;
      while (next < kEvents) {
        Subscription subscription(*stub_, After(cursor, {"a", "b.*"}));
        // Each connection reads a little more before it is cut.
        for (int n = 0; n < 50 * (i + 1) && next < kEvents; ++n) {
          const std::string got = subscription.Next();
          if (got == "position") continue;
          ASSERT_EQ(got, absl::StrCat(next % 2 ? "b.x " : "a ", next));
          ++next;
        }
        cursor = subscription.cursor;
        subscription.Cancel();
      }
    });
  }
  while (hub_.Subscribers("a") < 8) {
  }
  for (int i = 0; i < kEvents; ++i)
    Publish(i % 2 ? "b.x" : "a", {absl::StrCat(i)});
  for (std::thread& reader : readers) reader.join();
  while (hub_.Subscribers("b.x") != 0) {
  }
}

}  // namespace
}  // namespace sluice
