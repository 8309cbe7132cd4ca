#include "clients/cli/sluice_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using ::testing::ElementsAre;
using Kind = StreamItem::Kind;

constexpr char kFailure[] =
    "id: 1\nevent: error\n"
    "data: {\"code\":\"ABORTED\",\"message\":\"producer lost\"}\n\n";
constexpr char kDone[] = "id: 2\ndata: [DONE]\n\n";

std::vector<StreamItem> Read(const std::vector<std::string>& pieces) {
  SluiceStream stream(1000);
  std::vector<StreamItem> items;
  for (const std::string& piece : pieces) {
    EXPECT_TRUE(stream.Feed(piece, items).ok());
  }
  return items;
}

std::vector<Kind> Kinds(const std::vector<std::string>& pieces) {
  std::vector<Kind> kinds;
  for (const StreamItem& item : Read(pieces)) kinds.push_back(item.kind);
  return kinds;
}

TEST(SluiceStreamTest, DoneIsTheEndAndNothingAfterItCounts) {
  EXPECT_THAT(Kinds({"data: a\n\n", kDone, "data: late\n\n"}),
              ElementsAre(Kind::kEvent, Kind::kCompleted));
}

TEST(SluiceStreamTest, AnErrorRightBeforeDoneIsAFailedEnd) {
  const auto items = Read({std::string(kFailure) + kDone});
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].kind, Kind::kFailed);
  EXPECT_EQ(items[0].code, 10);
  EXPECT_EQ(items[0].message, "producer lost");
}

TEST(SluiceStreamTest, AFailedEndCutInTwoStillFails) {
  EXPECT_THAT(Kinds({kFailure, kDone}),
              ElementsAre(Kind::kEvent, Kind::kFailed));
  EXPECT_THAT(Kinds({kFailure, ": heartbeat\n", kDone}),
              ElementsAre(Kind::kEvent, Kind::kFailed));
}

TEST(SluiceStreamTest, AProducersErrorEventIsJustAnEventAndNotHeldBack) {
  EXPECT_THAT(Kinds({kFailure}), ElementsAre(Kind::kEvent));
  EXPECT_THAT(Kinds({std::string(kFailure) + "data: more\n\n" + kDone}),
              ElementsAre(Kind::kEvent, Kind::kEvent, Kind::kCompleted));
}

TEST(SluiceStreamTest, AnErrorEventOfAnotherShapeBeforeDoneIsJustAnEvent) {
  for (const char* data :
       {"oops", "{\"code\":\"ABORTED\"}", "{\"code\":3,\"message\":\"x\"}",
        "{\"code\":\"MINE\",\"message\":\"x\"}",
        "{\"code\":\"ABORTED\",\"message\":\"x\",\"more\":1}"}) {
    EXPECT_THAT(
        Kinds({std::string("event: error\ndata: ") + data + "\n\n" + kDone}),
        ElementsAre(Kind::kEvent, Kind::kCompleted))
        << data;
  }
}

TEST(SluiceStreamTest, APlaceIsNothingAndAGapIsNoEvent) {
  EXPECT_THAT(Kinds({"id: 1\nevent: sluice.position\ndata: {}\n\n",
                     "id: 1\nevent: sluice.gap\ndata: {}\n\n"}),
              ElementsAre(Kind::kGap));
}

}  // namespace
}  // namespace sluice
