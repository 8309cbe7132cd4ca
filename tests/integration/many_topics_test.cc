// Streams of several topics.
#include <gmock/gmock.h>

#include "bridge/event/cursor.h"
#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ManyTopicsTest : public BridgeTest {
 protected:
  static std::string GetAll(absl::string_view query,
                            absl::string_view id = "") {
    return Get(absl::StrCat("/v1/events?", query),
               id.empty() ? "" : absl::StrCat("Last-Event-ID: ", id, "\r\n"));
  }

  // What has come so far.
  static std::vector<SseEvent> EventsOf(RawClient& client, bool* complete) {
    return ParseEvents(Unchunk(BodyOf(client.received()), complete));
  }

  // What a reader gets of what has ended.
  std::vector<SseEvent> ReadAll(absl::string_view query,
                                absl::string_view id = "") {
    RawClient client(bridge_->http_port());
    client.Send(GetAll(query, id));
    EXPECT_EQ(StatusOf(client.ReadToEnd()), 200);
    bool complete = false;
    auto events = EventsOf(client, &complete);
    EXPECT_TRUE(complete);
    return events;
  }

  int Status(absl::string_view query, absl::string_view id = "") {
    RawClient client(bridge_->http_port());
    client.Send(GetAll(query, id));
    client.ReadUntil("\r\n\r\n");
    return StatusOf(client.received());
  }

  static std::vector<std::string> Data(const std::vector<SseEvent>& events) {
    std::vector<std::string> data;
    for (const SseEvent& event : events) {
      data.push_back(event.type.empty()
                         ? event.data
                         : absl::StrCat(event.type, " ", event.data));
    }
    return data;
  }
};

TEST_F(ManyTopicsTest, SeveralTopicsComeInTheLogsOrderUntilAllHaveEnded) {
  Start();
  Publish("a", {"1"}, false);
  Publish("b", {"2"}, false);
  Publish("other", {"x"}, false);
  Publish("a", {"3"}, true);
  RawClient live(bridge_->http_port());
  live.Send(GetAll("topic=a&topic=b"));
  ASSERT_TRUE(live.ReadUntil("sluice.ended"));
  Publish("b", {"4"}, true);
  live.ReadToEnd();
  bool complete = false;
  const std::vector<SseEvent> events = EventsOf(live, &complete);
  EXPECT_TRUE(complete);
  EXPECT_THAT(
      Data(events),
      ElementsAre("1", "2", "3",
                  "sluice.ended {\"topic\":\"a\",\"error\":null}", "4",
                  "sluice.ended {\"topic\":\"b\",\"error\":null}", "[DONE]"));
  // Late, it is the same; from any place the rest; from the end nothing.
  EXPECT_EQ(Data(ReadAll("topic=b&topic=a")), Data(events));
  for (size_t i = 0; i + 2 < events.size(); ++i) {
    EXPECT_EQ(ReadAll("topic=a&topic=b", events[i].id).size(),
              events.size() - i - 1);
  }
  EXPECT_EQ(Status("topic=a&topic=b", events.back().id), 204);
}

TEST_F(ManyTopicsTest, APatternTakesInTopicsThatComeLater) {
  Start();
  Publish("room.old", {"before"}, false);
  RawClient client(bridge_->http_port());
  client.Send(GetAll("topic=room.*"));
  ASSERT_TRUE(client.ReadUntil("sluice.position"));
  Publish("room.old", {"1"}, false);
  Publish("hall.x", {"no"}, false);
  Publish("room.new", {"2"}, true);
  Publish("room.new2", {"3"}, false);
  ASSERT_TRUE(client.ReadUntil("data: 3\n\n"));
  bool complete = false;
  const std::vector<SseEvent> events = EventsOf(client, &complete);
  EXPECT_FALSE(complete);
  EXPECT_THAT(
      Data(events),
      ElementsAre("sluice.position {}", "1", "2",
                  "sluice.ended {\"topic\":\"room.new\",\"error\":null}", "3"));
  EXPECT_EQ(Subscribers("room.old"), 1u);
  EXPECT_EQ(Subscribers("room.new2"), 1u);
  // One cursor is enough to go on with all of them.
  RawClient again(bridge_->http_port());
  again.Send(GetAll("topic=room.*", events[1].id));
  ASSERT_TRUE(again.ReadUntil("data: 3\n\n"));
  EXPECT_EQ(EventsOf(again, &complete).size(), 3u);
}

TEST_F(ManyTopicsTest, WhatHadEndedIsToldAtOnceToWhoStartsAtTheLatest) {
  Start();
  Publish("a", {"1"}, true);
  Publish("b", {"2"}, false);
  RawClient client(bridge_->http_port());
  client.Send(GetAll("topic=a&topic=b&from=latest"));
  ASSERT_TRUE(client.ReadUntil("sluice.ended"));
  Publish("b", {"3"}, true);
  client.ReadToEnd();
  bool complete = false;
  EXPECT_THAT(
      Data(EventsOf(client, &complete)),
      ElementsAre("sluice.position {}",
                  "sluice.ended {\"topic\":\"a\",\"error\":null}", "3",
                  "sluice.ended {\"topic\":\"b\",\"error\":null}", "[DONE]"));
}

TEST_F(ManyTopicsTest, AFailedTopicSaysWhyAndTheOthersGoOn) {
  Start();
  Publish("b", {"1"}, false);
  grpc::ClientContext context;
  v1::PublishBatchRequest request;
  request.set_topic("a");
  request.mutable_end()->mutable_error()->set_code(13);
  request.mutable_end()->mutable_error()->set_message("no \"luck\"");
  v1::PublishBatchResponse response;
  ASSERT_TRUE(v1::PublisherService::NewStub(channel_)
                  ->PublishBatch(&context, request, &response)
                  .ok());
  Publish("b", {}, true);
  EXPECT_THAT(
      Data(ReadAll("topic=a&topic=b")),
      ElementsAre("1",
                  "sluice.ended {\"topic\":\"a\",\"error\":{\"code\":"
                  "\"INTERNAL\",\"message\":\"no \\\"luck\\\"\"}}",
                  "sluice.ended {\"topic\":\"b\",\"error\":null}", "[DONE]"));
}

TEST_F(ManyTopicsTest, AHoleIsToldWhereItStands) {
  config_.retention_events = 2;
  Start();
  Publish("a", {"a1"}, false);
  Publish("b", {"b1"}, false);
  RawClient first(bridge_->http_port());
  first.Send(GetAll("topic=a&topic=b"));
  ASSERT_TRUE(first.ReadUntil("data: b1\n\n"));
  bool complete = false;
  const std::string id = EventsOf(first, &complete)[0].id;
  Publish("b", {"b2"}, false);
  Publish("a", {"a2", "a3", "a4"}, false);
  Publish("b", {"b3"}, true);
  Publish("a", {}, true);
  const std::vector<SseEvent> events = ReadAll("topic=a&topic=b", id);
  // b1 and a2 are lost; b2 stands between them.
  ASSERT_EQ(events.size(), 9u);
  EXPECT_EQ(events[0].type, "sluice.gap");
  EXPECT_THAT(events[0].data, HasSubstr("\"topics\":[\"b\"]"));
  EXPECT_THAT(events[0].data, HasSubstr("\"requested\":\"" + id));
  EXPECT_EQ(events[1].data, "b2");
  EXPECT_THAT(events[2].data, HasSubstr("\"topics\":[\"a\"]"));
  EXPECT_EQ(events[3].data, "a3");
  // From each place the rest, and nothing twice.
  for (size_t i = 0; i + 2 < events.size(); ++i) {
    const std::vector<SseEvent> rest = ReadAll("topic=a&topic=b", events[i].id);
    EXPECT_EQ(rest.size(), events.size() - i - 1) << i;
  }
  // Who comes anew has asked for nothing that is lost.
  EXPECT_EQ(ReadAll("topic=a&topic=b").size(), 7u);
}

TEST_F(ManyTopicsTest, AnEnvelopeSaysAllAboutAnEvent) {
  Start();
  Publish("a", {"x\ny"}, true);
  const std::vector<SseEvent> events = ReadAll("topic=a&envelope=json");
  EXPECT_THAT(events[0].data, HasSubstr("{\"topic\":\"a\",\"id\":\""));
  EXPECT_THAT(events[0].data, HasSubstr("\",\"type\":\"\",\"data\":\"x\\ny\","
                                        "\"json\":false,\"time\":\"20"));
  EXPECT_EQ(events.size(), 3u);
}

TEST_F(ManyTopicsTest, BadSelectorsAreRefused) {
  config_.max_topics_per_stream = 3;
  Start();
  EXPECT_EQ(Status(""), 400);
  EXPECT_EQ(Status("topic="), 400);
  EXPECT_EQ(Status("topic=a.>.b"), 400);
  EXPECT_EQ(Status("topic=a&topic=b&topic=c&topic=d"), 400);
  EXPECT_EQ(Status("topic=a&envelope=xml"), 400);
  EXPECT_EQ(Status("topic=a&topic=b&topic=c"), 200);
}

TEST_F(ManyTopicsTest, EveryPriceIsThereAtOnceAndThenAsItChanges) {
  constexpr int kPrices = 10000;
  TopicRule rule;
  rule.match = "price.*";
  rule.retention_events = 1;
  config_.topics = {rule};
  Start();
  auto stub = v1::PublisherService::NewStub(channel_);
  for (int round = 0; round < 2; ++round) {
    grpc::ClientContext context;
    v1::PublishResponse response;
    auto writer = stub->Publish(&context, &response);
    for (int i = 0; i < kPrices; ++i) {
      v1::PublishRequest request;
      request.set_topic(absl::StrCat("price.", i));
      request.add_events()->set_text(absl::StrCat(i, ":", round));
      ASSERT_TRUE(writer->Write(request));
    }
    writer->WritesDone();
    ASSERT_TRUE(writer->Finish().ok());
  }
  RawClient client(bridge_->http_port());
  client.Send(GetAll("topic=price.*&from=earliest"));
  ASSERT_TRUE(client.ReadUntil(absl::StrCat("data: ", kPrices - 1, ":1\n\n")));
  Publish("price.7", {"7:2"}, false);
  ASSERT_TRUE(client.ReadUntil("data: 7:2\n\n"));
  bool complete = false;
  const std::vector<SseEvent> events = EventsOf(client, &complete);
  ASSERT_EQ(events.size(), kPrices + 1u);
  for (int i = 0; i < kPrices; ++i)
    ASSERT_EQ(events[i].data, absl::StrCat(i, ":1"));
}

}  // namespace
}  // namespace sluice
