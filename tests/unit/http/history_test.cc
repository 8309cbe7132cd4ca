#include "bridge/http/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

absl::StatusOr<HistoryRequest> Parse(absl::string_view query) {
  return ParseHistoryRequest(*ParseTarget(absl::StrCat("/?", query)));
}

TEST(HistoryTest, NothingAskedIsAHundredFromTheEarliest) {
  const auto request = Parse("");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->after, "");
  EXPECT_EQ(request->last, absl::nullopt);
  EXPECT_EQ(request->limit, 100u);
}

TEST(HistoryTest, NumbersAreClamped) {
  EXPECT_EQ(Parse("limit=5")->limit, 5u);
  EXPECT_EQ(Parse("limit=0")->limit, 1u);
  EXPECT_EQ(Parse("limit=1001")->limit, 1000u);
  EXPECT_EQ(Parse("limit=99999999999999999999")->limit, 1000u);
  EXPECT_EQ(Parse("last=5")->last, 5u);
  EXPECT_EQ(Parse("last=0")->last, 1u);
  EXPECT_EQ(Parse("last=1001")->last, 1000u);
}

TEST(HistoryTest, AnIdWinsOverLast) {
  const auto request = Parse("last=5&after=a+b&limit=7");
  EXPECT_EQ(request->after, "a+b");
  EXPECT_EQ(request->last, absl::nullopt);
  EXPECT_EQ(request->limit, 7u);
  EXPECT_EQ(Parse("last=5&after=")->last, 5u);
}

TEST(HistoryTest, WhatIsNoNumberOrRepeatedIsRefused) {
  for (const char* query :
       {"limit=", "limit=x", "limit=-1", "limit=1.0", "last=", "last=%201",
        "last=x&after=1", "limit=1&limit=1", "last=1&last=2",
        "after=a&after=a"}) {
    EXPECT_FALSE(Parse(query).ok()) << query;
  }
}

class HistoryJsonTest : public testing::Test {
 protected:
  static EntryRef Event(Offset offset, std::string id) {
    EventDraft draft;
    draft.id = std::move(id);
    draft.data = "x\ny";
    return std::make_shared<Entry>(offset, absl::UnixEpoch(), topic_, draft);
  }
  static EntryRef Ended(Offset offset, End end) {
    return std::make_shared<Entry>(offset, absl::UnixEpoch(), topic_,
                                   std::move(end), false);
  }
  std::string Json() const { return HistoryJson("t", page_, epoch_); }

  static inline const auto topic_ = std::make_shared<const std::string>("t");
  const Epoch epoch_ = *Epoch::Parse("abcdefghijkl2");
  HistoryPage page_;
};

TEST_F(HistoryJsonTest, AnOpenTopicsPageHasEventsAndACursor) {
  page_.cursor = 9;
  EXPECT_EQ(Json(),
            "{\"topic\":\"t\",\"events\":[],\"cursor\":\"abcdefghijkl2-9\","
            "\"ended\":false,\"error\":null,\"gap\":null}\n");
  page_.events = {Event(3, ""), Event(4, "own")};
  EXPECT_THAT(
      Json(),
      StartsWith(
          R"({"topic":"t","events":[{"topic":"t","id":"abcdefghijkl2-3",)"
          R"("cursor":"abcdefghijkl2-3","type":"","data":"x\ny","json":false,)"
          R"("time":"1970-01-01T00:00:00.000000Z"},{"topic":"t","id":"own",)"
          R"("cursor":"abcdefghijkl2-4",)"));
}

TEST_F(HistoryJsonTest, AnEndIsToldWithItsError) {
  page_.end = Ended(5, End{});
  EXPECT_THAT(Json(), HasSubstr(R"("ended":true,"error":null)"));
  page_.end = Ended(5, End{Failure{5, "gone"}});
  EXPECT_THAT(
      Json(),
      HasSubstr(
          R"("ended":true,"error":{"code":"NOT_FOUND","message":"gone"})"));
}

TEST_F(HistoryJsonTest, AGapIsAsAStreamTellsIt) {
  page_.gap = Gap{"odd \"id\"", 7, GapReason::kTrimmed};
  EXPECT_THAT(Json(), HasSubstr(R"("gap":{"requested":"odd \"id\"","resumed":)"
                                R"("abcdefghijkl2-7","reason":"trimmed",)"
                                R"("topics":["t"]}})"));
}

}  // namespace
}  // namespace sluice
