#include "bridge/http/sse_frame.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

const Epoch& TestEpoch() {
  static const Epoch kEpoch = *Epoch::Parse("abcdefghij234");
  return kEpoch;
}

Entry EventEntry(Offset offset, EventDraft draft) {
  return Entry(offset, absl::UnixEpoch(), std::make_shared<std::string>("t"),
               std::move(draft));
}

Entry EndEntry(Offset offset, End end) {
  return Entry(offset, absl::UnixEpoch(), std::make_shared<std::string>("t"),
               std::move(end), false);
}

TEST(SseFrameTest, EveryPayloadIsTheBytesThatSpecClientsReadBack) {
  using namespace std::string_literals;
  const struct {
    std::string data;
    std::string lines;
  } kRows[] = {
      {"", "data: \n"},
      {"a", "data: a\n"},
      {"a\nb", "data: a\ndata: b\n"},
      {"a\rb", "data: a\ndata: b\n"},
      {"a\r\nb", "data: a\ndata: b\n"},
      {"a\n\rb", "data: a\ndata: \ndata: b\n"},
      {"a\r\rb", "data: a\ndata: \ndata: b\n"},
      {"a\r\n\r\nb", "data: a\ndata: \ndata: b\n"},
      {"x\rid: 666\rdata: INJ", "data: x\ndata: id: 666\ndata: data: INJ\n"},
      {"x\n\nevent: e", "data: x\ndata: \ndata: event: e\n"},
      {"\n", "data: \ndata: \n"},
      {"\r", "data: \ndata: \n"},
      {"\r\n", "data: \ndata: \n"},
      {"a\n", "data: a\ndata: \n"},
      {"a\n\n", "data: a\ndata: \ndata: \n"},
      {" x", "data:  x\n"},
      {"  x ", "data:   x \n"},
      {"\tx", "data: \tx\n"},
      {":x", "data: :x\n"},
      {"a\0b"s, "data: a\0b\n"s},
      {"\xEF\xBF\xBD", "data: \xEF\xBF\xBD\n"},
      {"a\xE2\x80\xA8"
       "b\xE2\x80\xA9"
       "c\xC2\x85"
       "d",
       "data: a\xE2\x80\xA8"
       "b\xE2\x80\xA9"
       "c\xC2\x85"
       "d\n"},
      {"a\x0b"
       "b\x0c"
       "c\x1c"
       "d\x1d"
       "e\x1e"
       "f",
       "data: a\x0b"
       "b\x0c"
       "c\x1c"
       "d\x1d"
       "e\x1e"
       "f\n"},
      {"\xEF\xBB\xBF"
       "a",
       "data: \xEF\xBB\xBF"
       "a\n"},
      {"\xEF\xBB\xBF", "data: \xEF\xBB\xBF\n"},
      {"[DONE]", "data: [DONE]\n"},
      {"{\"a\":1}", "data: {\"a\":1}\n"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(EventFrame("7", "", 0, row.data),
              absl::StrCat("id: 7\n", row.lines, "\n"));
  }
}

TEST(SseFrameTest, LargePayloadsAreWhole) {
  const std::string megabyte(1 << 20, 'x');
  EXPECT_EQ(EventFrame("1", "", 0, megabyte),
            absl::StrCat("id: 1\ndata: ", megabyte, "\n\n"));
  std::string data, lines;
  for (int i = 0; i < 20000; ++i) {
    absl::StrAppend(&data, i == 0 ? "" : "\n", i);
    absl::StrAppend(&lines, "data: ", i, "\n");
  }
  EXPECT_EQ(EventFrame("1", "", 0, data), absl::StrCat("id: 1\n", lines, "\n"));
}

TEST(SseFrameTest, FieldsAreInOrderAndLeftOutWhenUnset) {
  EXPECT_EQ(EventFrame("i", "tick", 1500, "d"),
            "id: i\nevent: tick\nretry: 1500\ndata: d\n\n");
  EXPECT_EQ(EventFrame("i", "", 1500, "d"), "id: i\nretry: 1500\ndata: d\n\n");
  EXPECT_EQ(EventFrame("i", "tick", 0, "d"), "id: i\nevent: tick\ndata: d\n\n");
}

TEST(SseFrameTest, AnEntryCarriesItsOwnIdOrElseItsCursor) {
  EXPECT_EQ(
      EntryFrame(EventEntry(12, {"own", "t", "d", false, 100}), TestEpoch()),
      "id: own\nevent: t\nretry: 100\ndata: d\n\n");
  EXPECT_EQ(EntryFrame(EventEntry(12, {"", "", "d"}), TestEpoch()),
            "id: abcdefghij234-12\ndata: d\n\n");
}

TEST(SseFrameTest, ACompletedEndIsTheDoneMarkerAlone) {
  EXPECT_EQ(EndFrame(EndEntry(9, End{}), TestEpoch(), "error"),
            "id: abcdefghij234-9\ndata: [DONE]\n\n");
}

TEST(SseFrameTest, AFailedEndIsTwoEventsInOneString) {
  const Entry end = EndEntry(9, End{Failure{10, "producer \"lost\"\nlast"}});
  EXPECT_EQ(EndFrame(end, TestEpoch(), "error"),
            "id: abcdefghij234-8\nevent: error\n"
            "data: {\"code\":\"ABORTED\","
            "\"message\":\"producer \\\"lost\\\"\\nlast\"}\n\n"
            "id: abcdefghij234-9\ndata: [DONE]\n\n");
}

TEST(SseFrameTest, TheErrorsEventCanHaveAnotherName) {
  const Entry end = EndEntry(1, End{Failure{5, ""}});
  EXPECT_EQ(EndFrame(end, TestEpoch(), "failed"),
            "id: abcdefghij234-0\nevent: failed\n"
            "data: {\"code\":\"NOT_FOUND\",\"message\":\"\"}\n\n"
            "id: abcdefghij234-1\ndata: [DONE]\n\n");
}

TEST(SseFrameTest, AFailuresMessageCannotMakeLines) {
  const Entry end = EndEntry(2, End{Failure{13, "a\rid: 1\r\n\ndata: x"}});
  const std::string frame = EndFrame(end, TestEpoch(), "error");
  EXPECT_EQ(frame.find('\r'), std::string::npos);
  EXPECT_FALSE(absl::StrContains(frame, "\nid: 1"));
  EXPECT_FALSE(absl::StrContains(frame, "\ndata: x"));
}

TEST(SseFrameTest, AGapSaysFromWhereTheStreamGoesOn) {
  const struct {
    GapReason reason;
    const char* name;
  } kRows[] = {{GapReason::kTrimmed, "trimmed"},
               {GapReason::kUnknownId, "unknown_id"},
               {GapReason::kEpochChanged, "epoch_changed"},
               {GapReason::kGone, "gone"}};
  for (const auto& row : kRows) {
    EXPECT_EQ(GapFrame(Gap{"abc", 41, row.reason}, {"a.b"}, TestEpoch()),
              absl::StrCat("id: abcdefghij234-41\nevent: sluice.gap\n"
                           "data: {\"requested\":\"abc\","
                           "\"resumed\":\"abcdefghij234-41\",\"reason\":\"",
                           row.name, "\",\"topics\":[\"a.b\"]}\n\n"));
  }
}

TEST(SseFrameTest, WhatAReaderRequestedCannotBreakAGap) {
  const std::string frame = GapFrame(
      Gap{"\"<a>\x01\xE9\\", 0, GapReason::kUnknownId}, {"t"}, TestEpoch());
  EXPECT_EQ(frame,
            "id: abcdefghij234-0\nevent: sluice.gap\n"
            "data: {\"requested\":\"\\\"<a>\\u0001\\ufffd\\\\\","
            "\"resumed\":\"abcdefghij234-0\",\"reason\":\"unknown_id\","
            "\"topics\":[\"t\"]}\n\n");
}

TEST(SseFrameTest, APositionIsAnEventOfItsOwn) {
  EXPECT_EQ(PositionFrame(7, TestEpoch()),
            "id: abcdefghij234-7\nevent: sluice.position\ndata: {}\n\n");
}

TEST(SseFrameTest, OpeningAndHeartbeatHaveNoEmptyLine) {
  EXPECT_EQ(Opening(absl::Seconds(2)), "retry: 2000\n: sluice\n");
  EXPECT_EQ(Opening(absl::Milliseconds(2500)), "retry: 2500\n: sluice\n");
  EXPECT_EQ(kHeartbeat, ": heartbeat\n");
}

TEST(SseFrameTest, AChunkSaysItsLengthInHexadecimal) {
  EXPECT_EQ(Chunk("a"), "1\r\na\r\n");
  EXPECT_EQ(Chunk("a\r\nb\n"), "5\r\na\r\nb\n\r\n");
  EXPECT_EQ(Chunk(std::string(26, 'x')),
            absl::StrCat("1a\r\n", std::string(26, 'x'), "\r\n"));
  EXPECT_EQ(Chunk(std::string(70000, 'x')),
            absl::StrCat("11170\r\n", std::string(70000, 'x'), "\r\n"));
  EXPECT_EQ(kLastChunk, "0\r\n\r\n");
}

}  // namespace
}  // namespace sluice
