// Where readers go on, and what they are told when events are not there.
#include <gmock/gmock.h>

#include "bridge/event/cursor.h"
#include "tests/integration/bridge_fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;

class ResumeTest : public BridgeTest {
 protected:
  void Create(const v1::CreateTopicRequest& request) {
    grpc::ClientContext context;
    v1::CreateTopicResponse response;
    const grpc::Status status =
        v1::TopicService::NewStub(channel_)->CreateTopic(&context, request,
                                                         &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  // What a reader of the ended topic `t` gets.
  std::vector<SseEvent> ReadAll(absl::string_view id = "") {
    RawClient client(bridge_->http_port());
    client.Send(GetTopic(
        "t", id.empty() ? "" : absl::StrCat("Last-Event-ID: ", id, "\r\n")));
    EXPECT_EQ(StatusOf(client.ReadToEnd()), 200);
    bool complete = false;
    auto events = ParseEvents(Unchunk(BodyOf(client.received()), &complete));
    EXPECT_TRUE(complete);
    return events;
  }

  static std::vector<std::string> Data(const std::vector<SseEvent>& events) {
    std::vector<std::string> data;
    for (const SseEvent& event : events) data.push_back(event.data);
    return data;
  }
};

TEST_F(ResumeTest, AnUnknownIdIsToldAndAllThatIsKeptFollows) {
  Start();
  Publish("t", {"1", "2"}, true);
  for (const std::string& id : {std::string("order-7"), std::string("\xff\x01"),
                                std::string(5000, 'x')}) {
    const std::vector<SseEvent> events = ReadAll(id);
    ASSERT_EQ(events.size(), 4u);
    EXPECT_EQ(events[0].type, "sluice.gap");
    EXPECT_THAT(events[0].data, HasSubstr("\"reason\":\"unknown_id\""));
    EXPECT_THAT(events[0].data, HasSubstr("\"topics\":[\"t\"]"));
    EXPECT_EQ(events[1].data, "1");
    // Who comes back with the gap's id is not told again.
    EXPECT_EQ(Data(ReadAll(events[0].id)),
              (std::vector<std::string>{"1", "2", "[DONE]"}));
  }
}

TEST_F(ResumeTest, AnotherEpochIsToldSo) {
  Start();
  Publish("t", {"1"}, true);
  const std::vector<SseEvent> events =
      ReadAll(Cursor{Epoch::Random(), 1}.ToString());
  ASSERT_EQ(events.size(), 3u);
  EXPECT_THAT(events[0].data, HasSubstr("\"reason\":\"epoch_changed\""));
  EXPECT_EQ(events[1].data, "1");
}

TEST_F(ResumeTest, ACursorBeyondTheLogIsUnknownAlsoOnAnEndedTopic) {
  Start();
  Publish("t", {"1"}, true);
  const std::string end = ReadAll().back().id;
  const std::string beyond =
      Cursor{Cursor::Parse(end)->epoch, Cursor::Parse(end)->offset + 1}
          .ToString();
  EXPECT_THAT(ReadAll(beyond)[0].data, HasSubstr("\"reason\":\"unknown_id\""));
}

TEST_F(ResumeTest, WhatWasTrimmedIsAGapBeforeWhatIsKept) {
  config_.retention_events = 2;
  Start();
  Publish("t", {"1"}, false);
  RawClient first(bridge_->http_port());
  first.Send(GetTopic("t"));
  ASSERT_TRUE(first.ReadUntil("data: 1\n"));
  bool complete = false;
  const std::string id =
      ParseEvents(Unchunk(BodyOf(first.received()), &complete))[0].id;
  Publish("t", {"2", "3", "4"}, true);
  const std::vector<SseEvent> events = ReadAll(id);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_THAT(events[0].data, HasSubstr("\"reason\":\"trimmed\""));
  EXPECT_THAT(events[0].data, HasSubstr("\"requested\":\"" + id + "\""));
  EXPECT_THAT(events[0].data, HasSubstr("\"resumed\":\"" + events[0].id));
  EXPECT_EQ(events[1].data, "3");
}

TEST_F(ResumeTest, ACursorOfAReplacedTopicIsGone) {
  Start();
  Publish("t", {"old"}, true);
  const std::vector<SseEvent> old = ReadAll();
  v1::CreateTopicRequest request;
  request.set_topic("t");
  request.set_replace_ended(true);
  Create(request);
  Publish("t", {"new"}, true);
  const std::vector<SseEvent> events = ReadAll(old[0].id);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_THAT(events[0].data, HasSubstr("\"reason\":\"gone\""));
  EXPECT_EQ(events[1].data, "new");
  // Who had the whole of the earlier life misses nothing.
  EXPECT_EQ(Data(ReadAll(old[1].id)),
            (std::vector<std::string>{"new", "[DONE]"}));
}

TEST_F(ResumeTest, TextsAreJoinedForAReaderThatIsBehindIfTheTopicWantsIt) {
  Start();
  v1::CreateTopicRequest request;
  request.set_topic("t");
  request.mutable_settings()->set_coalesce(true);
  Create(request);
  Publish("t", {"Hel", "lo", " wor", "ld", "[DO", "NE]"}, true);
  const std::vector<SseEvent> events = ReadAll();
  EXPECT_EQ(Data(events),
            (std::vector<std::string>{"Hello world[DONE]", "[DONE]"}));
  const Cursor last = *Cursor::Parse(events[0].id);
  // From inside what was joined, the rest of it.
  const std::string second = Cursor{last.epoch, last.offset - 4}.ToString();
  EXPECT_EQ(Data(ReadAll(second)),
            (std::vector<std::string>{" world[DONE]", "[DONE]"}));
  const std::string fourth = Cursor{last.epoch, last.offset - 2}.ToString();
  EXPECT_EQ(Data(ReadAll(fourth)),
            (std::vector<std::string>{"[DO", "NE]", "[DONE]"}));
}

TEST_F(ResumeTest, ASlowReaderIsSentAwayIfTheTopicWantsItAndTellsTheGapLater) {
  Start();
  v1::CreateTopicRequest request;
  request.set_topic("t");
  request.mutable_settings()->set_slow_reader(v1::SLOW_READER_DISCONNECT);
  request.mutable_settings()->set_retention_events(10);
  Create(request);
  RawClient slow(bridge_->http_port(), 4096);
  slow.Send(GetTopic("t"));
  ASSERT_TRUE(slow.ReadUntil(": sluice\n"));
  const std::string text(100000, 'x');
  for (int i = 0; i < 50; ++i) Publish("t", {text}, false);
  slow.ReadToEnd();
  bool complete = true;
  const std::vector<SseEvent> seen =
      ParseEvents(Unchunk(BodyOf(slow.received()), &complete));
  EXPECT_FALSE(complete);
  for (const SseEvent& event : seen) EXPECT_EQ(event.data, text);
  ASSERT_FALSE(seen.empty());
  Publish("t", {}, true);
  const std::vector<SseEvent> rest = ReadAll(seen.back().id);
  EXPECT_THAT(rest[0].data, HasSubstr("\"reason\":\"trimmed\""));
  EXPECT_EQ(rest.size(), 12u);
}

}  // namespace
}  // namespace sluice
