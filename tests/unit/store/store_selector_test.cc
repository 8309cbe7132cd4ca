// Several topics read as one, in every store.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/unit/store/store_contract.h"

namespace sluice {
namespace {

using Strings = std::vector<std::string>;

TEST_P(StoreContract, ReadsSeveralTopicsInTheLogsOrder) {
  Make();
  ASSERT_TRUE(Publish("a.x", {"1"}).ok());
  ASSERT_TRUE(Publish("b", {"2"}).ok());
  ASSERT_TRUE(Publish("c", {"3"}).ok());
  ASSERT_TRUE(Publish("a.y", {"4"}).ok());
  ASSERT_TRUE(Publish("a.x", {"5"}).ok());
  EXPECT_EQ(Texts(ReadAll({"a.*", "b"}, 0)), (Strings{"1", "2", "4", "5"}));
  EXPECT_EQ(Texts(ReadAll({"a.*", "a.x", ">"}, 2)), (Strings{"3", "4", "5"}));
  EXPECT_EQ(Texts(ReadAll({"nobody", "d.>"}, 0)), Strings{});
  EXPECT_EQ(ReadAll({"nobody"}, 0).reached, 5u);

  const Store::Segment part = ReadAll({"a.*", "b"}, 0, 1);
  EXPECT_EQ(Texts(part), Strings{"1"});
  EXPECT_EQ(part.reached, 1u);
  EXPECT_FALSE(part.at_end);
}

TEST_P(StoreContract, SaysWhereSeveralTopicsBegin) {
  Make();
  ASSERT_TRUE(Publish("x", {"1"}).ok());
  ASSERT_TRUE(Publish("a", {"2", "3"}).ok());
  ASSERT_TRUE(Publish("b", {"4"}).ok());
  ASSERT_TRUE(Publish("x", {"5"}).ok());
  EXPECT_EQ(DescribeAll({"a", "b"}).before_first, 1u);
  EXPECT_EQ(DescribeAll({"a", "b"}, 2).before_last, 2u);
  EXPECT_EQ(DescribeAll({"a", "b"}, 100).before_last, 1u);
  EXPECT_EQ(DescribeAll({"a", "b"}, 0).before_last, 5u);
  EXPECT_EQ(DescribeAll({"nobody"}).before_first, 5u);
  EXPECT_FALSE(DescribeAll({"a", "nobody"}).all_there);
  EXPECT_TRUE(DescribeAll({"a", "no.*"}).all_there);
}

TEST_P(StoreContract, KnowsWhenAllThatIsNamedHasEnded) {
  Make();
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  EXPECT_EQ(DescribeAll({"a", "b"}).ended_at, 0u);
  ASSERT_EQ(DescribeAll({"a", "b"}).ends.size(), 1u);
  ASSERT_TRUE(PublishIds("b", {"x"}, End{}).ok());
  EXPECT_EQ(DescribeAll({"a", "b"}).ended_at, 4u);
  EXPECT_EQ(ReadAll({"a", "b"}, 0).ended_at, 4u);
  EXPECT_EQ(DescribeAll({"a", "b", "c.*"}).ended_at, 0u);
}

TEST_P(StoreContract, AHoleStandsWhereItIsInTheLogsOrder) {
  Limits limits;
  limits.defaults.retention_events = 1;
  Make(limits);
  ASSERT_TRUE(Publish("a", {"1"}).ok());
  ASSERT_TRUE(Publish("b", {"2"}).ok());
  const uint64_t before = DescribeAll({"*"}).losses;
  ASSERT_TRUE(Publish("a", {"3"}).ok());
  ASSERT_TRUE(Publish("c", {"4"}).ok());
  ASSERT_TRUE(Publish("b", {"5"}).ok());
  const Store::Segment segment = ReadAll({"*"}, 0);
  EXPECT_EQ(Texts(segment), (Strings{"3", "4", "5"}));
  ASSERT_EQ(segment.holes.size(), 2u);
  EXPECT_EQ(segment.holes[0].topic, "a");
  EXPECT_EQ(segment.holes[0].lost.trimmed_through, 1u);
  EXPECT_EQ(segment.holes[0].number, before + 1);
  EXPECT_EQ(segment.holes[1].topic, "b");
  EXPECT_EQ(segment.holes[1].number, before + 2);
  EXPECT_EQ(DescribeAll({"*"}).losses, before + 2);
  EXPECT_EQ(ReadAll({"*"}, 1).holes.size(), 1u);
  EXPECT_TRUE(ReadAll({"*"}, 2).holes.empty());
}

TEST_P(StoreContract, APatternSelectsATombstoneOnlyForThoseWhoMayHaveReadIt) {
  Make();
  ASSERT_TRUE(Publish("a", {"1"}).ok());
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_EQ(Texts(ReadAll({"*"}, 0)), Strings{});
  EXPECT_EQ(Texts(ReadAll({"*"}, 1)), Strings{"END"});
  EXPECT_EQ(Texts(ReadAll({"a", "b"}, 0)), Strings{"END"});
}

}  // namespace
}  // namespace sluice
