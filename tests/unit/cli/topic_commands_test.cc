// `sluice topics`, `history`, `end`, `delete` and `stop`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "clients/cli/exit_code.h"
#include "clients/cli/history.h"
#include "clients/cli/topic_changes.h"
#include "clients/cli/topics.h"
#include "tests/unit/cli/fake_http.h"
#include "tests/unit/cli/fake_topics.h"
#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

v1::ListTopicsResponse TopicPage(const std::string& name,
                                 const std::string& next) {
  v1::ListTopicsResponse page;
  page.add_topics()->set_name(name);
  page.set_next_page_token(next);
  return page;
}

v1::ListEventsResponse EventPage(const std::string& text,
                                 const std::string& cursor) {
  v1::ListEventsResponse page;
  page.add_events()->mutable_event()->set_text(text);
  page.set_cursor(cursor);
  return page;
}

class TopicCommandsTest : public ::testing::Test {
 protected:
  int History(const HistoryOptions& options) {
    return RunHistory(options, bridge_.endpoints(), io_.io());
  }

  FakeTopics bridge_;
  TestIo io_;
};

TEST_F(TopicCommandsTest, TopicsAreOneTableOfAllPages) {
  bridge_.topics = {TopicPage("a", "next"), TopicPage("longer.name", "")};
  EXPECT_EQ(RunTopics({"*", false}, bridge_.endpoints(), io_.io()), kExitOk);
  EXPECT_THAT(io_.Out(), HasSubstr("NAME         STATE"));
  EXPECT_THAT(io_.Out(), HasSubstr("\na            "));
  EXPECT_THAT(io_.Out(), HasSubstr("\nlonger.name  "));
  ASSERT_EQ(bridge_.listed.size(), 2u);
  EXPECT_EQ(bridge_.listed[0].pattern(), "*");
  EXPECT_EQ(bridge_.listed[1].page_token(), "next");
}

TEST_F(TopicCommandsTest, TopicsAsJsonAreALineEach) {
  bridge_.topics = {TopicPage("a", "next"), TopicPage("b", "")};
  EXPECT_EQ(RunTopics({"", true}, bridge_.endpoints(), io_.io()), kExitOk);
  EXPECT_THAT(io_.Out(), testing::StartsWith("{\"name\":\"a\","));
  EXPECT_THAT(io_.Out(), HasSubstr("}\n{\"name\":\"b\","));
}

TEST_F(TopicCommandsTest, CtrlCEndsACallThatIsNotAnswered) {
  bridge_.hang = true;
  auto exit = std::async(std::launch::async, [this] {
    return RunTopics({"", false}, bridge_.endpoints(), io_.io());
  });
  io_.interrupt.Raise();
  EXPECT_EQ(exit.get(), kExitInterrupted);
  EXPECT_EQ(io_.Err(), "");
}

TEST_F(TopicCommandsTest, HistoryGoesOnUntilAPageIsEmpty) {
  bridge_.events = {EventPage("one", "e-1"), EventPage("two", "e-2")};
  EXPECT_EQ(History({"t", 0, "e-0"}), kExitOk);
  EXPECT_EQ(io_.Out(), "one\ntwo\n");
  ASSERT_EQ(bridge_.read.size(), 3u);
  EXPECT_EQ(bridge_.read[0].after(), "e-0");
  EXPECT_EQ(bridge_.read[1].after(), "e-1");
  EXPECT_EQ(bridge_.read[2].after(), "e-2");
}

TEST_F(TopicCommandsTest, TheLastEventsAreAskedForOnce) {
  bridge_.events = {EventPage("one", "e-1")};
  EXPECT_EQ(History({"t", 5}), kExitOk);
  ASSERT_EQ(bridge_.read.size(), 2u);
  EXPECT_EQ(bridge_.read[0].last(), 5);
  EXPECT_EQ(bridge_.read[1].last(), 0);
  EXPECT_EQ(bridge_.read[1].after(), "e-1");
}

TEST_F(TopicCommandsTest, HistoryEndsWithTheTopicAndTellsItsFailure) {
  bridge_.events = {EventPage("one", "e-1")};
  bridge_.events[0].set_ended(true);
  bridge_.events[0].mutable_error()->set_code(8);
  bridge_.events[0].mutable_error()->set_message("disk full");
  EXPECT_EQ(History({"t"}), kExitFailure);
  EXPECT_EQ(io_.Out(), "one\n");
  EXPECT_EQ(io_.Err(),
            "sluice: the topic failed: RESOURCE_EXHAUSTED: disk full\n");
  EXPECT_EQ(bridge_.read.size(), 1u);
}

TEST_F(TopicCommandsTest, AGapInHistoryIsTold) {
  bridge_.events = {EventPage("one", "e-1")};
  bridge_.events[0].set_ended(true);
  bridge_.events[0].mutable_gap()->set_reason(v1::GAP_REASON_EPOCH_CHANGED);
  bridge_.events[0].mutable_gap()->set_resumed("e-0");
  EXPECT_EQ(History({"t"}), kExitOk);
  EXPECT_EQ(io_.Err(),
            "sluice: events are missing: epoch_changed, went on at e-0\n");
}

TEST_F(TopicCommandsTest, WhatTheBridgeRefusesIsASentence) {
  bridge_.status = {grpc::StatusCode::NOT_FOUND, "no topic"};
  EXPECT_EQ(History({"t"}), kExitFailure);
  EXPECT_EQ(RunEnd("t", {}, bridge_.endpoints(), io_.io()), kExitFailure);
  EXPECT_EQ(RunDelete("t", bridge_.endpoints(), io_.io()), kExitFailure);
  const std::string line = "sluice: NOT_FOUND: no topic\n";
  EXPECT_EQ(io_.Err(), line + line + line);
}

TEST_F(TopicCommandsTest, EndAndDeleteAskForTheTopic) {
  v1::Error error;
  error.set_code(10);
  EXPECT_EQ(RunEnd("a", {}, bridge_.endpoints(), io_.io()), kExitOk);
  EXPECT_EQ(RunEnd("b", error, bridge_.endpoints(), io_.io()), kExitOk);
  EXPECT_EQ(RunDelete("c", bridge_.endpoints(), io_.io()), kExitOk);
  EXPECT_FALSE(bridge_.ended[0].has_error());
  EXPECT_EQ(bridge_.ended[1].error().code(), 10);
  EXPECT_EQ(bridge_.deleted[0].topic(), "c");
  EXPECT_EQ(io_.Out() + io_.Err(), "");
}

std::string Answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status +
         "\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(StopCommandTest, StopPostsItsReasonAndPrintsHowManyWereAsked) {
  TestIo io;
  FakeHttp bridge({Answer("202 Accepted", "{\"producers\":2}")});
  EXPECT_EQ(RunStop("a b", "seen \"it\"", {"", bridge.Url()}, io.io()),
            kExitOk);
  EXPECT_EQ(io.Out(), "2 producers were asked to stop\n");
  EXPECT_THAT(bridge.requests()[0], HasSubstr("POST /v1/topics/a%20b/stop "));
  EXPECT_THAT(bridge.requests()[0],
              HasSubstr("\r\n\r\n{\"reason\":\"seen \\\"it\\\"\"}"));
}

TEST(StopCommandTest, NobodyToBeAskedIsAFailureWithASentence) {
  TestIo io;
  FakeHttp bridge({Answer("409 Conflict",
                          "{\"error\":{\"code\":\"FAILED_PRECONDITION\","
                          "\"message\":\"nobody\"}}")});
  EXPECT_EQ(RunStop("t", "", {"", bridge.Url()}, io.io()), kExitFailure);
  EXPECT_EQ(io.Err(), "sluice: FAILED_PRECONDITION: nobody\n");
}

TEST(StopCommandTest, ABridgeThatIsNotThereIsAClearSentence) {
  TestIo io;
  EXPECT_EQ(RunStop("t", "", {"", "http://127.0.0.1:1"}, io.io()),
            kExitFailure);
  EXPECT_THAT(io.Err(), HasSubstr("can't reach the bridge at http://127"));
}

}  // namespace
}  // namespace sluice
