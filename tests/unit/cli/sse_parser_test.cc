#include "clients/cli/sse_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/string_view.h"

namespace sluice {
namespace {

std::vector<SseEvent> Parse(absl::string_view text) {
  SseParser parser(1000);
  std::vector<SseEvent> events;
  EXPECT_TRUE(parser.Feed(text, events).ok());
  return events;
}

std::vector<std::string> Data(absl::string_view text) {
  std::vector<std::string> data;
  for (const SseEvent& event : Parse(text)) data.push_back(event.data);
  return data;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SseParserTest, AnEventHasIdTypeAndData) {
  const auto events = Parse("id: 7\nevent: tick\ndata: one\ndata: two\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, "7");
  EXPECT_EQ(events[0].type, "tick");
  EXPECT_EQ(events[0].data, "one\ntwo");
}

TEST(SseParserTest, LfCrAndCrlfEndALine) {
  EXPECT_THAT(Data("data: a\n\ndata: b\r\rdata: c\r\n\r\n"),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(Data("data: a\rdata: b\r\ndata: c\n\r"), ElementsAre("a\nb\nc"));
}

TEST(SseParserTest, EveryCutOfTheStreamGivesTheSame) {
  const std::string text =
      "\xEF\xBB\xBF"
      "data: a\r\ndata: b\r\n\r\n: c\r\nid: 1\rdata\r\rdata:x\n\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    SseParser parser(1000);
    std::vector<SseEvent> events;
    ASSERT_TRUE(parser.Feed(text.substr(0, cut), events).ok());
    ASSERT_TRUE(parser.Feed(text.substr(cut), events).ok());
    ASSERT_EQ(events.size(), 3u) << cut;
    EXPECT_EQ(events[0].data, "a\nb");
    EXPECT_EQ(events[1].data, "");
    EXPECT_EQ(events[2].data, "x");
  }
}

TEST(SseParserTest, AnEventIsHandedOutWithTheCrOfItsBlankLine) {
  EXPECT_THAT(Data("data: now\r\n\r"), ElementsAre("now"));
}

TEST(SseParserTest, AByteOrderMarkIsSkippedAtTheStartOnly) {
  EXPECT_THAT(Data("\xEF\xBB\xBF"
                   "data: a\n\n\xEF\xBB\xBF"
                   "data: b\n\n"),
              ElementsAre("a"));
}

TEST(SseParserTest, OnlyOneSpaceAfterTheColonIsDropped) {
  EXPECT_THAT(Data("data:a\n\ndata:  b\n\ndata:\n\ndata\n\n"),
              ElementsAre("a", " b", "", ""));
}

TEST(SseParserTest, CommentsAndUnknownFieldsAreIgnored) {
  EXPECT_THAT(Data(": data: x\nretry: 5\nfoo: bar\nDATA: y\ndata: a\n\n"),
              ElementsAre("a"));
}

TEST(SseParserTest, AnIdStaysForTheNextEventsButIsNotTheirs) {
  const auto events = Parse("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n");
  ASSERT_EQ(events.size(), 3u);
  EXPECT_FALSE(events[1].id.has_value());
  EXPECT_EQ(events[1].last_event_id, "1");
  EXPECT_EQ(events[2].id, "");
  EXPECT_EQ(events[2].last_event_id, "");
}

TEST(SseParserTest, AnIdWithoutDataIsKeptAndAnIdWithNulIsNot) {
  const auto events = Parse("id: 1\n\ndata: a\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].last_event_id, "1");
  EXPECT_FALSE(events[0].id.has_value());
  EXPECT_FALSE(
      Parse(absl::string_view("id: a\0b\ndata: x\n\n", 17))[0].id.has_value());
}

TEST(SseParserTest, ATypeWithoutDataIsForgotten) {
  const auto events = Parse("event: a\n\ndata: x\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "");
}

TEST(SseParserTest, AnEventWithoutABlankLineIsDropped) {
  EXPECT_THAT(Data("data: a\n"), IsEmpty());
}

TEST(SseParserTest, AnIdCountsFromItsBlankLineOn) {
  SseParser parser(1000);
  std::vector<SseEvent> events;
  const auto feed = [&](absl::string_view bytes) {
    EXPECT_TRUE(parser.Feed(bytes, events).ok());
    return parser.last_event_id();
  };
  EXPECT_EQ(feed("id: 1\ndata: a\n"), "");
  EXPECT_EQ(feed("\n"), "1");
  EXPECT_EQ(feed("id: 2\n\n"), "2");
  EXPECT_EQ(feed("id: 3\ndata: b\n"), "2");
}

TEST(SseParserTest, AnotherStreamBeginsWithNothingButTheId) {
  SseParser parser(1000);
  std::vector<SseEvent> events;
  ASSERT_TRUE(
      parser.Feed("id: 3\nevent: t\ndata: half\ndata: a lin", events).ok());
  parser.Restart("2");
  EXPECT_EQ(parser.last_event_id(), "2");
  ASSERT_TRUE(parser
                  .Feed("\xEF\xBB\xBF"
                        "data: whole\n\n",
                        events)
                  .ok());
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "");
  EXPECT_EQ(events[0].data, "whole");
  EXPECT_EQ(events[0].last_event_id, "2");
}

TEST(SseParserTest, RetryIsTheLastWholeNumberOfMilliseconds) {
  SseParser parser(1000);
  std::vector<SseEvent> events;
  const auto feed = [&](absl::string_view bytes) {
    EXPECT_TRUE(parser.Feed(bytes, events).ok());
    return parser.retry();
  };
  EXPECT_EQ(feed("data: a\n\nretry: 2"), absl::nullopt);
  EXPECT_EQ(feed("000\n"), absl::Seconds(2));
  EXPECT_EQ(feed("retry: -1\nretry: 1.5\nretry:\nretry: 7 \n"),
            absl::Seconds(2));
  EXPECT_EQ(feed("retry:0\n"), absl::ZeroDuration());
  EXPECT_GT(feed("retry: 99999999999999999999\n"), absl::Hours(24));
}

TEST(SseParserTest, ALineOrAnEventThatIsTooLargeIsAnError) {
  SseParser line(8);
  SseParser event(8);
  std::vector<SseEvent> events;
  EXPECT_EQ(line.Feed("data: long", events).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(event.Feed("data:abc\ndata:abc\ndata:abc\n", events).code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sluice
