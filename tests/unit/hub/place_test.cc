#include "bridge/hub/place.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

// A topic that has lost what was before 10, has events up to 20, in a log that
// is at 30.
class FindPlaceTest : public testing::Test {
 protected:
  FindPlaceTest() {
    description_.info.emplace();
    description_.info->first = 11;
    description_.info->last = description_.info->last_event = 20;
    description_.lost.trimmed_through = 10;
    description_.visible_end = 30;
    description_.before_last = 18;
  }

  void End(bool silent) {
    description_.info->last = 25;
    description_.info->end = std::make_shared<const Entry>(
        25, absl::UnixEpoch(), std::make_shared<const std::string>("t"),
        sluice::End{}, silent);
  }

  Place Find(StartAt start) const {
    return FindPlace(start, description_, epoch_);
  }
  Place FindId(const std::string& id) const { return Find({id, {}, {}}); }
  std::string At(Offset offset) const {
    return Cursor{epoch_, offset}.ToString();
  }

  const Epoch epoch_ = Epoch::Random();
  Store::Description description_;
};

TEST_F(FindPlaceTest, WithoutAnythingItIsTheEarliestThatIsKept) {
  const Place place = Find({});
  EXPECT_EQ(place.after, 10u);
  EXPECT_FALSE(place.gap);
  EXPECT_FALSE(place.tell_position);
  EXPECT_FALSE(place.nothing_left);
}

TEST_F(FindPlaceTest, TheLatestIsToldToTheReader) {
  const Place place = Find({"", TopicSettings::Start::kLatest, {}});
  EXPECT_EQ(place.after, 30u);
  EXPECT_TRUE(place.tell_position);
  EXPECT_TRUE(Find({"", {}, 0}).tell_position);
}

TEST_F(FindPlaceTest, ATopicMayStartAtTheLatestUnlessTheReaderSaysOtherwise) {
  description_.settings.default_start = TopicSettings::Start::kLatest;
  EXPECT_TRUE(Find({}).tell_position);
  EXPECT_EQ(Find({"", TopicSettings::Start::kEarliest, {}}).after, 10u);
}

TEST_F(FindPlaceTest, TheLastNAreBehindThePlaceOfTheStore) {
  EXPECT_EQ(Find({"", {}, 2}).after, 18u);
}

TEST_F(FindPlaceTest, ACursorIsItsOwnPlaceAndWinsOverTheRest) {
  for (Offset offset : {10, 15, 30}) {
    const Place place = Find({At(offset), TopicSettings::Start::kLatest, 2});
    EXPECT_EQ(place.after, offset);
    EXPECT_FALSE(place.gap);
    EXPECT_FALSE(place.tell_position);
  }
}

TEST_F(FindPlaceTest, WhatIsLostIsToldAndTheRestFollows) {
  const std::string foreign = Cursor{Epoch::Random(), 15}.ToString();
  const struct {
    std::string id;
    GapReason reason;
  } kRows[] = {{At(9), GapReason::kTrimmed},
               {At(0), GapReason::kTrimmed},
               {At(31), GapReason::kUnknownId},
               {foreign, GapReason::kEpochChanged},
               {"rubbish", GapReason::kUnknownId},
               {std::string(epoch_.text()) + "-99999999999999999999",
                GapReason::kUnknownId}};
  for (const auto& row : kRows) {
    const Place place = FindId(row.id);
    ASSERT_TRUE(place.gap) << row.id;
    EXPECT_EQ(place.gap->reason, row.reason) << row.id;
    EXPECT_EQ(place.gap->requested, row.id);
    EXPECT_EQ(place.gap->resumed, 10u);
    EXPECT_EQ(place.after, 10u);
  }
}

TEST_F(FindPlaceTest, AnEventsIdIsThePlaceWhereItStands) {
  description_.found = 17;
  EXPECT_EQ(FindId("mine").after, 17u);
  EXPECT_EQ(IdToLookUp({"mine", {}, {}}), "mine");
  EXPECT_EQ(IdToLookUp({At(3), {}, {}}), "");
}

TEST_F(FindPlaceTest, AfterTheEndNothingIsLeft) {
  End(false);
  EXPECT_TRUE(FindId(At(25)).nothing_left);
  EXPECT_TRUE(FindId(At(30)).nothing_left);
  EXPECT_FALSE(FindId(At(24)).nothing_left);
  EXPECT_FALSE(FindId("rubbish").nothing_left);
  EXPECT_FALSE(FindId(At(31)).nothing_left) << "a log that lost its tail";
}

TEST_F(FindPlaceTest, TheLatestOfAnEndedTopicIsItsEnd) {
  End(false);
  const Place place = Find({"", TopicSettings::Start::kLatest, {}});
  EXPECT_EQ(place.after, 24u);
  EXPECT_FALSE(place.tell_position);
  EXPECT_FALSE(place.nothing_left);
}

TEST_F(FindPlaceTest, AnEndThatIsNotToldLeavesNothingAfterTheLastEvent) {
  End(true);
  EXPECT_TRUE(FindId(At(20)).nothing_left);
  EXPECT_FALSE(FindId(At(19)).nothing_left);
}

TEST_F(FindPlaceTest, ATopicThatIsNotThereIsWaitedFor) {
  description_.info.reset();
  description_.lost = {};
  EXPECT_EQ(Find({}).after, 0u);
  EXPECT_EQ(FindId(At(12)).after, 12u);
  EXPECT_FALSE(FindId(At(12)).gap);
}

TEST_F(FindPlaceTest, ACursorOfAnEarlierLifeOfTheNameIsGone) {
  description_.lost = {0, 8};
  EXPECT_FALSE(FindId(At(8)).gap);
  const Place place = FindId(At(7));
  ASSERT_TRUE(place.gap);
  EXPECT_EQ(place.gap->reason, GapReason::kGone);
  EXPECT_EQ(place.gap->requested, At(7));
  EXPECT_EQ(place.gap->resumed, 8u);
  EXPECT_EQ(place.after, 8u);
}

TEST_F(FindPlaceTest, WhatIsGoneAndWhatIsTrimmedIsOneGap) {
  description_.lost = {10, 8};
  EXPECT_EQ(FindId(At(7)).gap->reason, GapReason::kGone);
  EXPECT_EQ(FindId(At(7)).gap->resumed, 10u);
  EXPECT_EQ(FindId(At(9)).gap->reason, GapReason::kTrimmed);
  EXPECT_EQ(FindId(At(9)).gap->resumed, 10u);
}

TEST_F(FindPlaceTest, OfATopicThatIsNotThereOnlyWhatMayBeForgottenIsGone) {
  description_ = {};
  description_.visible_end = 30;
  EXPECT_FALSE(FindId(At(5)).gap);
  EXPECT_EQ(FindId(At(5)).after, 5u);
  description_.lost.gone_through = 20;
  EXPECT_FALSE(FindId(At(20)).gap);
  ASSERT_TRUE(FindId(At(19)).gap);
  EXPECT_EQ(FindId(At(19)).gap->reason, GapReason::kGone);
}

TEST_F(FindPlaceTest, ATombstoneIsAnEndWithNothingBeforeIt) {
  End(false);
  description_.info->first = 0;
  description_.lost.trimmed_through = 20;
  EXPECT_EQ(Find({}).after, 20u);
  EXPECT_FALSE(Find({}).nothing_left);
  EXPECT_EQ(FindId(At(15)).gap->reason, GapReason::kTrimmed);
  EXPECT_FALSE(FindId(At(20)).nothing_left);
  EXPECT_TRUE(FindId(At(25)).nothing_left);
}

TEST_F(FindPlaceTest, ATopicThatIsNotThereStartsAsItWillOnceItIs) {
  description_.info.reset();
  description_.settings.default_start = TopicSettings::Start::kLatest;
  EXPECT_EQ(Find({}).after, 30u);
  EXPECT_TRUE(Find({}).tell_position);
}

// Several topics in a log that is at 30: events from 6 on, one topic ended at
// 12.
class FindPlaceOfSeveralTest : public testing::Test {
 protected:
  FindPlaceOfSeveralTest() {
    overview_.visible_end = 30;
    overview_.before_first = 5;
    overview_.before_last = 20;
    overview_.losses = 7;
    overview_.ends.push_back(EndAt(12));
  }

  static EntryRef EndAt(Offset offset) {
    return std::make_shared<const Entry>(
        offset, absl::UnixEpoch(), std::make_shared<const std::string>("t"),
        sluice::End{}, false);
  }
  Place Find(StartAt start,
             const std::vector<std::string>& entries = {"t", "u"}) const {
    return FindPlace(start, *Selector::Parse(entries), overview_, epoch_);
  }
  Place FindId(const std::string& id) const { return Find({id, {}, {}}); }
  std::string At(Offset offset) const {
    return Cursor{epoch_, offset}.ToString();
  }

  const Epoch epoch_ = Epoch::Random();
  Store::Overview overview_;
};

TEST_F(FindPlaceOfSeveralTest, NamesStartAtTheEarliestAndPatternsAtTheLatest) {
  EXPECT_EQ(Find({}).after, 5u);
  EXPECT_EQ(Find({}).known_losses, 7u);
  EXPECT_FALSE(Find({}).tell_position);
  EXPECT_TRUE(Find({}).ends.empty());
  const Place latest = Find({}, {"t", "u.*"});
  EXPECT_EQ(latest.after, 30u);
  EXPECT_TRUE(latest.tell_position);
  // What had ended before is told at once.
  ASSERT_EQ(latest.ends.size(), 1u);
  EXPECT_EQ(latest.ends[0]->offset(), 12u);
  EXPECT_EQ(Find({"", {}, 3}).after, 20u);
}

TEST_F(FindPlaceOfSeveralTest, OnlyCursorsOfThisLogAreIds) {
  EXPECT_EQ(FindId(At(17)).after, 17u);
  EXPECT_EQ(FindId(At(17)).known_losses, 0u);
  EXPECT_FALSE(FindId(At(17)).gap);
  EXPECT_TRUE(FindId(At(17)).ends.empty());
  EXPECT_EQ(FindId("order-7").gap->reason, GapReason::kUnknownId);
  EXPECT_EQ(FindId(At(31)).gap->reason, GapReason::kUnknownId);
  const Place other = FindId(Cursor{Epoch::Random(), 8}.ToString());
  EXPECT_EQ(other.gap->reason, GapReason::kEpochChanged);
  EXPECT_EQ(other.gap->resumed, 5u);
  EXPECT_EQ(other.after, 5u);
}

TEST_F(FindPlaceOfSeveralTest, AllEndedLeavesNothingToWhoHasTheLastEnd) {
  overview_.ends.push_back(EndAt(25));
  overview_.ended_at = 25;
  EXPECT_TRUE(FindId(At(25)).nothing_left);
  EXPECT_TRUE(FindId(At(30)).nothing_left);
  EXPECT_FALSE(FindId(At(24)).nothing_left);
  const Place latest = Find({"", TopicSettings::Start::kLatest, {}});
  EXPECT_EQ(latest.after, 24u);
  EXPECT_FALSE(latest.tell_position);
  EXPECT_EQ(latest.ends.size(), 1u);
  EXPECT_FALSE(latest.nothing_left);
}

// Else who is cut behind the gap would come back behind the last end.
TEST_F(FindPlaceOfSeveralTest, AGapOfWhatHasAllEndedIsBeforeTheLastEnd) {
  overview_.ends.push_back(EndAt(25));
  overview_.ended_at = 25;
  overview_.before_first = 30;
  const Place place = FindId("order-7");
  EXPECT_EQ(place.after, 24u);
  EXPECT_EQ(place.gap->resumed, 24u);
}

}  // namespace
}  // namespace sluice
