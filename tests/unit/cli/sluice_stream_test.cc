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
  EXPECT_THAT(Kinds({kFailure, kDone}), ElementsAre(Kind::kFailed));
  EXPECT_THAT(Kinds({kFailure, ": heartbeat\n", kDone}),
              ElementsAre(Kind::kFailed));
}

TEST(SluiceStreamTest, AProducersErrorEventIsJustAnEventWhenTheNextOneComes) {
  EXPECT_THAT(Kinds({kFailure}), ElementsAre());
  EXPECT_THAT(Kinds({kFailure, "data: more\n\n", kDone}),
              ElementsAre(Kind::kEvent, Kind::kEvent, Kind::kCompleted));
}

TEST(SluiceStreamTest, WhatIsHeldBackCanBeReleasedAndMayStillBeAFailedEnd) {
  SluiceStream stream(1000);
  std::vector<StreamItem> items;
  ASSERT_TRUE(stream.Feed(kFailure, items).ok());
  EXPECT_TRUE(stream.holds());
  EXPECT_EQ(stream.last_event_id(), "");
  stream.Release(items);
  EXPECT_FALSE(stream.holds());
  EXPECT_EQ(stream.last_event_id(), "1");
  stream.Release(items);
  ASSERT_TRUE(stream.Feed(kDone, items).ok());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].kind, Kind::kEvent);
  EXPECT_EQ(items[1].kind, Kind::kFailed);
}

TEST(SluiceStreamTest, AnyTypeWithTheCursorsOfAFailedEndIsOne) {
  const std::string data =
      "\ndata: {\"code\":\"ABORTED\",\"message\":\"x\"}\n\n";
  const std::string done = "id: abcdefghijkl2-8\ndata: [DONE]\n\n";
  const auto kinds = [&](const std::string& head, std::string error_event) {
    SluiceStream stream(1000, std::move(error_event));
    std::vector<StreamItem> items;
    EXPECT_TRUE(stream.Feed(head + data + done, items).ok());
    return items[0].kind;
  };
  EXPECT_EQ(kinds("id: abcdefghijkl2-7\nevent: bad", ""), Kind::kFailed);
  EXPECT_EQ(kinds("id: abcdefghijkl3-7\nevent: bad", ""), Kind::kEvent);
  EXPECT_EQ(kinds("id: mine\nevent: bad", ""), Kind::kEvent);
  EXPECT_EQ(kinds("id: abcdefghijkl2-7", ""), Kind::kEvent);
  EXPECT_EQ(kinds("id: mine\nevent: bad", "bad"), Kind::kFailed);
  EXPECT_EQ(kinds("id: abcdefghijkl2-7\nevent: bad", "worse"), Kind::kEvent);
  EXPECT_EQ(kinds("event: error", "worse"), Kind::kEvent);
}

TEST(SluiceStreamTest, TheIdToGoOnFromIsThatOfTheLastWholeEvent) {
  SluiceStream stream(1000);
  std::vector<StreamItem> items;
  const auto feed = [&](absl::string_view bytes) {
    EXPECT_TRUE(stream.Feed(bytes, items).ok());
    return stream.last_event_id();
  };
  EXPECT_EQ(feed("retry: 7\n: welcome\nid: 1\ndata: a\n"), "");
  EXPECT_EQ(feed("\nid: 2\n"), "1");
  EXPECT_EQ(stream.retry(), absl::Milliseconds(7));
  stream.Restart();
  EXPECT_EQ(feed("data: b\n\n"), "1");
  EXPECT_EQ(feed("id: 3\nevent: sluice.gap\ndata: {}\n\n"), "3");
}

// What a reader sees of a stream that breaks off behind `cut` bytes and goes on
// as a bridge goes on.
std::vector<std::string> ReadCut(const std::vector<std::string>& frames,
                                 size_t cut) {
  SluiceStream stream(1000);
  std::vector<StreamItem> items;
  std::string whole;
  for (const std::string& frame : frames) whole += frame;
  EXPECT_TRUE(stream.Feed(whole.substr(0, cut), items).ok());
  stream.Restart();
  EXPECT_FALSE(stream.holds());
  bool after = stream.last_event_id().empty();
  for (const std::string& frame : frames) {
    if (after) {
      EXPECT_TRUE(stream.Feed(frame, items).ok());
    }
    after = after || frame.find("id: " + stream.last_event_id() + "\n") == 0;
  }
  std::vector<std::string> seen;
  for (const StreamItem& item : items) {
    seen.push_back(item.kind == Kind::kEvent ? item.event.data : item.message);
  }
  return seen;
}

TEST(SluiceStreamTest, WhereverItBreaksOffEachEventIsThereOnce) {
  const std::vector<std::string> frames = {
      "id: 1\ndata: a\n\n",
      "id: 2\nevent: error\n"
      "data: {\"code\":\"ABORTED\",\"message\":\"b\"}\n\n",
      "id: 3\nevent: t\ndata: c\ndata: d\n\n",
      "id: 4\nevent: error\n"
      "data: {\"code\":\"ABORTED\",\"message\":\"gone\"}\n\n"
      "id: 5\ndata: [DONE]\n\n"};
  const size_t end =
      frames[0].size() + frames[1].size() + frames[2].size() + frames[3].size();
  for (size_t cut = 0; cut < end; ++cut) {
    EXPECT_THAT(ReadCut(frames, cut),
                ElementsAre("a", "{\"code\":\"ABORTED\",\"message\":\"b\"}",
                            "c\nd", "gone"))
        << cut;
  }
}

TEST(SluiceStreamTest, WhatWasHeldBackIsNotLostIfTheStreamGoesOnElsewhere) {
  SluiceStream stream(1000);
  std::vector<StreamItem> items;
  ASSERT_TRUE(stream.Feed(kFailure, items).ok());
  stream.Restart();
  ASSERT_TRUE(
      stream.Feed("id: 9\nevent: sluice.gap\ndata: {}\n\n", items).ok());
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].kind, Kind::kEvent);
  EXPECT_EQ(items[1].kind, Kind::kGap);
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
