#include "bridge/http/stream_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using testing::HasSubstr;

absl::StatusOr<StreamRequest> Parse(
    absl::string_view query,
    std::vector<std::pair<std::string, std::string>> fields = {}) {
  RequestHead head;
  head.target = *ParseTarget(absl::StrCat("/?", query));
  head.fields = std::move(fields);
  return ParseStreamRequest(head, absl::Seconds(15));
}

TEST(StreamRequestTest, NothingAskedIsTheTopicsOwnStart) {
  const auto request = Parse("");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->start.id, "");
  EXPECT_EQ(request->start.start, absl::nullopt);
  EXPECT_EQ(request->start.last, absl::nullopt);
  EXPECT_EQ(request->heartbeat, absl::Seconds(15));
}

TEST(StreamRequestTest, FromIsEarliestOrLatest) {
  EXPECT_EQ(Parse("from=earliest")->start.start,
            TopicSettings::Start::kEarliest);
  EXPECT_EQ(Parse("from=latest")->start.start, TopicSettings::Start::kLatest);
}

TEST(StreamRequestTest, LastIsANumberAndTooLargeIsClamped) {
  EXPECT_EQ(Parse("last=0")->start.last, 0u);
  EXPECT_EQ(Parse("last=10")->start.last, 10u);
  EXPECT_EQ(Parse("last=0010")->start.last, 10u);
  EXPECT_EQ(Parse("last=18446744073709551616")->start.last, UINT64_MAX);
}

TEST(StreamRequestTest, HeartbeatIsClampedToAMinute) {
  EXPECT_EQ(Parse("heartbeat=5")->heartbeat, absl::Seconds(5));
  EXPECT_EQ(Parse("heartbeat=0")->heartbeat, absl::Seconds(1));
  EXPECT_EQ(Parse("heartbeat=61")->heartbeat, absl::Seconds(60));
  EXPECT_EQ(Parse("heartbeat=99999999999999999999")->heartbeat,
            absl::Seconds(60));
}

TEST(StreamRequestTest, WhatCannotBeMeantIsRefusedByName) {
  for (const char* query : {"from=",
                            "from=now",
                            "from=Latest",
                            "last=",
                            "last=-1",
                            "last=%2B1",
                            "last=1.0",
                            "last=1e3",
                            "last=0x5",
                            "last=%205",
                            "last=a",
                            "heartbeat=",
                            "heartbeat=-1",
                            "heartbeat=5s",
                            "envelope=xml",
                            "envelope=",
                            "from=latest&from=latest",
                            "last=1&last=1",
                            "heartbeat=5&heartbeat=5",
                            "envelope=json&envelope=json"}) {
    const auto request = Parse(query);
    EXPECT_EQ(request.status().code(), absl::StatusCode::kInvalidArgument)
        << query;
    const std::string name(query, std::string(query).find('='));
    EXPECT_THAT(std::string(request.status().message()), HasSubstr(name));
  }
}

TEST(StreamRequestTest, UnknownParametersAreNobodysBusiness) {
  EXPECT_TRUE(Parse("utm=1&utm=2&_=3").ok());
}

TEST(StreamRequestTest, TheHeadersIdWins) {
  EXPECT_EQ(Parse("last_event_id=q")->start.id, "q");
  EXPECT_EQ(Parse("last_event_id=q", {{"last-event-id", "h"}})->start.id, "h");
  EXPECT_EQ(Parse("", {{"last-event-id", "h"}})->start.id, "h");
}

TEST(StreamRequestTest, AnEmptyHeaderIsAsNone) {
  EXPECT_EQ(Parse("last_event_id=q", {{"last-event-id", ""}})->start.id, "q");
}

TEST(StreamRequestTest, TheFirstOfTwoIdsCounts) {
  EXPECT_EQ(Parse("last_event_id=a&last_event_id=b")->start.id, "a");
  EXPECT_EQ(
      Parse("", {{"last-event-id", "a"}, {"last-event-id", "b"}})->start.id,
      "a");
}

TEST(StreamRequestTest, APlusInTheQuerysIdIsAPlusHoweverItIsWritten) {
  EXPECT_EQ(Parse("last_event_id=a+b%2Bc%20d")->start.id, "a+b+c+d");
}

TEST(StreamRequestTest, AnIdMayBeRubbish) {
  EXPECT_EQ(Parse("", {{"last-event-id", "\xE9\x01 \"<a>"}})->start.id,
            "\xE9\x01 \"<a>");
  const std::string longest(10000, 'x');
  EXPECT_EQ(Parse("", {{"last-event-id", longest}})->start.id, longest);
}

TEST(AcceptTest, WhatTakesAnEventStreamIsServed) {
  for (const char* accept :
       {"text/event-stream", "*/*", "text/*", "TEXT/Event-Stream",
        " text/event-stream ", "application/json, text/event-stream",
        "text/html,application/xhtml+xml,*/*;q=0.8", "text/event-stream;q=0.1",
        "text/event-stream; charset=utf-8", "application/json,*/*;q=0.01"})
    EXPECT_TRUE(AcceptsEventStream(accept)) << accept;
}

TEST(AcceptTest, WhatDoesNotIsTurnedAway) {
  for (const char* accept :
       {"application/json", "text/html", "text/event-streams",
        "text/event-stream;q=0", "text/event-stream; Q=0.000", "application/*",
        "event-stream", "*", "text/plain;x=text/event-stream"})
    EXPECT_FALSE(AcceptsEventStream(accept)) << accept;
}

}  // namespace
}  // namespace sluice
