#include "clients/cli/upstream_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Decoded {
  std::vector<v1::Event> events;
  absl::optional<v1::End> end;
  std::vector<std::string> notes;

  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const v1::Event& event : events) texts.push_back(event.text());
    return texts;
  }
};

Decoded Decode(bool event_stream, absl::string_view body) {
  UpstreamDecoder decoder(event_stream);
  Decoded decoded;
  EXPECT_TRUE(decoder.Feed(body, decoded.events).ok());
  decoder.Finish(decoded.events);
  decoded.end = decoder.end();
  decoded.notes = decoder.TakeNotes();
  return decoded;
}

TEST(UpstreamDecoderTest, PlainTextIsSplitIntoLines) {
  const auto decoded = Decode(false, "one\r\ntwo\n\nlast");
  EXPECT_THAT(decoded.Texts(), ElementsAre("one", "two", "", "last"));
  EXPECT_FALSE(decoded.end.has_value());
}

TEST(UpstreamDecoderTest, TypeAndIdArePassedOn) {
  const auto decoded = Decode(true, "id: a-1\nevent: tick\ndata: x\n\n");
  ASSERT_EQ(decoded.events.size(), 1u);
  EXPECT_EQ(decoded.events[0].id(), "a-1");
  EXPECT_EQ(decoded.events[0].type(), "tick");
  EXPECT_EQ(decoded.events[0].text(), "x");
}

TEST(UpstreamDecoderTest, AnIdThatTheBridgeWouldRefuseIsLeftOut) {
  for (const char* id : {"with space", "abcdefghijkl2-17", "", "ä"}) {
    const auto decoded =
        Decode(true, std::string("id: ") + id + "\ndata: x\n\n");
    ASSERT_EQ(decoded.events.size(), 1u);
    EXPECT_EQ(decoded.events[0].id(), "") << id;
  }
}

TEST(UpstreamDecoderTest, AnEventWithoutAnIdOfItsOwnGetsNone) {
  const auto decoded = Decode(true, "id: a\ndata: x\n\ndata: y\n\n");
  ASSERT_EQ(decoded.events.size(), 2u);
  EXPECT_EQ(decoded.events[1].id(), "");
}

TEST(UpstreamDecoderTest, ATypeThatTheBridgeWouldRefuseIsLeftOutAndToldOnce) {
  const auto decoded =
      Decode(true, "event: open\ndata: x\n\nevent: open\ndata: y\n\n");
  EXPECT_THAT(decoded.Texts(), ElementsAre("x", "y"));
  EXPECT_EQ(decoded.events[0].type(), "");
  EXPECT_THAT(decoded.notes, ElementsAre(HasSubstr("open")));
}

TEST(UpstreamDecoderTest, DoneCompletesTheTopicAndIsNoEvent) {
  for (const bool event_stream : {true, false}) {
    const auto decoded =
        Decode(event_stream, event_stream ? "data: x\n\ndata: [DONE]\n\n"
                                          : "x\n[DONE]\nlate\n");
    EXPECT_THAT(decoded.Texts(), ElementsAre("x"));
    ASSERT_TRUE(decoded.end.has_value());
    EXPECT_FALSE(decoded.end->has_error());
  }
}

TEST(UpstreamDecoderTest, AFailureOfABridgeUpstreamIsPassedOn) {
  const auto decoded = Decode(
      true,
      "event: error\ndata: {\"code\":\"ABORTED\",\"message\":\"gone\"}\n\n"
      "data: [DONE]\n\n");
  EXPECT_THAT(decoded.events, IsEmpty());
  ASSERT_TRUE(decoded.end.has_value());
  EXPECT_EQ(decoded.end->error().code(), 10);
  EXPECT_EQ(decoded.end->error().message(), "gone");
}

TEST(UpstreamDecoderTest, AGapOfABridgeUpstreamIsANote) {
  const auto decoded =
      Decode(true, "event: sluice.gap\ndata: {\"reason\":\"trimmed\"}\n\n");
  EXPECT_THAT(decoded.events, IsEmpty());
  EXPECT_THAT(decoded.notes, ElementsAre(HasSubstr("trimmed")));
}

TEST(UpstreamDecoderTest, NulAndWhatIsNotUtf8BecomeReplacements) {
  const auto decoded = Decode(false, absl::string_view("a\0b\xFF\n", 5));
  EXPECT_THAT(decoded.Texts(), ElementsAre("a\uFFFD"
                                           "b\uFFFD"));
}

}  // namespace
}  // namespace sluice
