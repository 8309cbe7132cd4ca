// The topics that are there, in every store.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/store/store_contract.h"

namespace sluice {
namespace {

using Strings = std::vector<std::string>;

Strings Names(const Store::Listing& listing) {
  Strings names;
  for (const auto& topic : listing.topics) names.push_back(topic.name);
  return names;
}

TEST_P(StoreContract, TopicsAreListedByName) {
  Make();
  for (const char* name : {"b.y", "a", "b.x", "b", "b.x.z", "B"})
    ASSERT_TRUE(Publish(name, {"x"}).ok());
  EXPECT_EQ(Names(List(">")), (Strings{"B", "a", "b", "b.x", "b.x.z", "b.y"}));
  EXPECT_EQ(Names(List("b.*")), (Strings{"b.x", "b.y"}));
  EXPECT_EQ(Names(List("b.>")), (Strings{"b.x", "b.x.z", "b.y"}));
  EXPECT_EQ(Names(List("*.x")), (Strings{"b.x"}));
  EXPECT_EQ(Names(List("b")), (Strings{"b"}));
  EXPECT_EQ(Names(List("nobody")), Strings{});
  EXPECT_EQ(List("a").topics[0].info->events, 1u);
}

TEST_P(StoreContract, PagesFollowOneAnotherWhateverComesBetweenThem) {
  Make();
  for (int i = 10; i < 30; ++i)
    ASSERT_TRUE(Publish(absl::StrCat("t.", i), {"x"}).ok());
  ASSERT_TRUE(Publish("u", {"x"}).ok());
  Strings names;
  std::string after;
  do {
    const Store::Listing part = List("t.*", after, 7);
    EXPECT_LE(part.topics.size(), 7u);
    for (const auto& topic : part.topics) names.push_back(topic.name);
    after = part.next;
    // One that was passed, and one that is to come.
    ASSERT_TRUE(Publish(absl::StrCat("t.1", names.size()), {"x"}).ok());
    ASSERT_TRUE(Publish("t.95", {"x"}).ok());
  } while (!after.empty());
  ASSERT_EQ(names.size(), 21u);
  EXPECT_EQ(names.front(), "t.10");
  EXPECT_EQ(names.back(), "t.95");
}

TEST_P(StoreContract, ATopicThatIsOnlyWatchedIsListedToo) {
  Make();
  store_->Watch(Selector("b"), [](Offset) {});
  store_->Watch(Selector("a"), [](Offset) {});
  ASSERT_TRUE(Publish("a", {"x"}).ok());
  ASSERT_TRUE(Publish("c", {"x"}).ok());
  EXPECT_EQ(Names(List(">")), (Strings{"a", "b", "c"}));
  EXPECT_FALSE(List("b").topics[0].info);
  EXPECT_EQ(List("b").topics[0].settings.retention_events, 1000u);
  store_->Unwatch(Selector("b"));
  EXPECT_EQ(Names(List(">")), (Strings{"a", "c"}));
}

TEST_P(StoreContract, TombstonesAreListedByTheirNameUnlessDeleted) {
  Make();
  ASSERT_TRUE(PublishIds("gone", {"x"}, End{}).ok());
  ASSERT_TRUE(Publish("over", {"x"}).ok());
  ASSERT_TRUE(PublishIds("over", {}, End{}).ok());
  store_->Delete("gone", [](const auto&) {});
  EXPECT_EQ(Names(List(">")), (Strings{"over"}));
  EXPECT_EQ(Names(List("gone")), Strings{});
  EXPECT_NE(List("over").topics[0].info->end, nullptr);
}

TEST_P(StoreContract, TheServersOwnTopicsAreListedByTheirNameAlone) {
  Make();
  ASSERT_TRUE(Publish("sluice.stats", {"x"}).ok());
  EXPECT_EQ(Names(List(">")), Strings{});
  EXPECT_EQ(Names(List("sluice.stats")), (Strings{"sluice.stats"}));
}

}  // namespace
}  // namespace sluice
