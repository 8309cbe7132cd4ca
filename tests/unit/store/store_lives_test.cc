// How topics end, are deleted, forgotten and begun anew, in every store.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/unit/store/store_contract.h"

namespace sluice {
namespace {

TEST_P(StoreContract, AnEndOutlivesTheEventsBeforeIt) {
  Limits limits;
  limits.defaults.retention_age = absl::Milliseconds(20);
  Make(limits);
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  while (Describe("a").info->events != 0) std::this_thread::yield();
  const Store::Description description = Describe("a");
  EXPECT_EQ(description.info->end->offset(), 2u);
  EXPECT_EQ(description.info->last_event, 1u);
  EXPECT_EQ(description.lost.trimmed_through, 1u);
  EXPECT_EQ(Texts(Read("a", 1)), std::vector<std::string>{"END"});
  EXPECT_TRUE(absl::IsFailedPrecondition(Publish("a", {"y"}).status()));
  EXPECT_TRUE(PublishIds("a", {}, End{}).ok());
}

TEST_P(StoreContract, ATombstoneGivesWayToANewLife) {
  Limits limits;
  limits.defaults.retention_age = absl::Milliseconds(20);
  Make(limits);
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  while (Describe("a").info->events != 0) std::this_thread::yield();
  ASSERT_TRUE(Create("a", {}, false).ok());
  EXPECT_EQ(Describe("a").info->end, nullptr);
  EXPECT_EQ(Describe("a").lost.gone_through, 2u);
  EXPECT_EQ(Publish("a", {"y"})->last, 3u);
  EXPECT_EQ(Read("a", 0).holes.at(0).lost.gone_through, 2u);
}

TEST_P(StoreContract, ATombstoneIsForgottenInTime) {
  Limits limits;
  limits.defaults.retention_age = absl::Milliseconds(10);
  limits.tombstone_ttl = absl::Milliseconds(10);
  Make(limits);
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  ASSERT_TRUE(PublishIds("empty", {}, End{}).ok());
  while (Describe("a").info || Describe("empty").info)
    std::this_thread::yield();
  // What was there may be what a cursor asks for.
  EXPECT_EQ(Describe("a").lost.gone_through, 3u);
  EXPECT_EQ(Read("a", 0).holes.at(0).lost.gone_through, 3u);
  EXPECT_EQ(Publish("b", {"y"})->last, 4u);
  EXPECT_EQ(Describe("b").lost.gone_through, 3u);
}

TEST_P(StoreContract, AnEndWithoutEventsStaysAsLongAsEventsWould) {
  Limits limits;
  limits.tombstone_ttl = absl::ZeroDuration();
  Make(limits);
  ASSERT_TRUE(PublishIds("a", {}, End{}).ok());
  // What is forgotten after it shows that its time could have come.
  TopicSettings settings;
  settings.retention_age = absl::Milliseconds(5);
  ASSERT_TRUE(Create("b", settings, false).ok());
  ASSERT_TRUE(PublishIds("b", {}, End{}).ok());
  while (Describe("b").info) std::this_thread::yield();
  EXPECT_TRUE(Describe("a").info);
}

TEST_P(StoreContract, AnIdleTopicIsForgottenUnlessItIsWatchedOrHeld) {
  Limits limits;
  limits.defaults.retention_age = absl::Milliseconds(5);
  limits.idle_topic_ttl = absl::Milliseconds(20);
  Make(limits);
  store_->Watch(Selector("watched"), [](Offset) {});
  ASSERT_TRUE(Create("watched", {}, false).ok());
  ASSERT_TRUE(Append({"held", {}, absl::nullopt, Store::Lease{1, true}}).ok());
  ASSERT_TRUE(Create("idle", {}, false).ok());
  ASSERT_TRUE(Publish("short", {"x"}).ok());
  while (Describe("idle").info || Describe("short").info)
    std::this_thread::yield();
  EXPECT_TRUE(Describe("watched").info);
  EXPECT_TRUE(Describe("held").info);
  store_->Unwatch(Selector("watched"));
  store_->Release("held", {1, false}, absl::ZeroDuration());
  while (Describe("watched").info || Describe("held").info)
    std::this_thread::yield();
}

TEST_P(StoreContract, DeletingFailsTheTopicAndDropsItsEvents) {
  Make();
  ASSERT_TRUE(PublishIds("a", {"x", "y"}).ok());
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_EQ(WaitForEnd()->end().failure->code, 5);
  const Store::Description description = Describe("a");
  EXPECT_TRUE(description.info->deleted);
  EXPECT_EQ(description.info->events, 0u);
  EXPECT_EQ(description.lost.gone_through, 2u);
  EXPECT_TRUE(absl::IsNotFound(Delete("a")));
  EXPECT_TRUE(absl::IsFailedPrecondition(PublishIds("a", {"x"}).status()));
  EXPECT_TRUE(Create("a", {}, false).ok());
  EXPECT_EQ(PublishIds("a", {"x"})->accepted, 1u);
}

TEST_P(StoreContract, DeletingAnEndedTopicLeavesItsEnd) {
  Make();
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_EQ(Describe("a").info->end->offset(), 2u);
  EXPECT_FALSE(Describe("a").info->end->end().failure);
  EXPECT_EQ(Describe("a").info->events, 0u);
}

TEST_P(StoreContract, DeletingALifeWithoutEventsLeavesWhatTheLastOneLost) {
  Make();
  ASSERT_TRUE(PublishIds("a", {"x", "y"}, End{}).ok());
  ASSERT_TRUE(Create("a", {}, true).ok());
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_EQ(Describe("a").lost.gone_through, 3u);
}

TEST_P(StoreContract, ForgettingALifeWithoutEventsLeavesWhatTheLastOneLost) {
  Limits limits;
  limits.idle_topic_ttl = absl::Milliseconds(5);
  Make(limits);
  ASSERT_TRUE(PublishIds("a", {"x", "y"}, End{}).ok());
  ASSERT_TRUE(Create("a", {}, true).ok());
  while (Describe("a").info) std::this_thread::yield();
  EXPECT_EQ(Describe("a").lost.gone_through, 3u);
}

TEST_P(StoreContract, OnlyWhatIsThereCanBeDeletedOrEnded) {
  Make();
  Store::AppendRequest end{"a", {}, End{}, absl::nullopt};
  end.make_topic = false;
  EXPECT_TRUE(absl::IsNotFound(Delete("a")));
  EXPECT_TRUE(absl::IsNotFound(Append(end).status()));
  EXPECT_FALSE(Describe("a").info);
  // A topic that only subscribers hold is there.
  store_->Watch(Selector("a"), [](Offset) {});
  EXPECT_TRUE(Append(end).ok());
  EXPECT_TRUE(Describe("a").info->end);
  ASSERT_TRUE(Delete("a").ok());
  EXPECT_TRUE(absl::IsNotFound(Append(end).status()));
}

TEST_P(StoreContract, MemoryIsTakenFromEndedTopicsFirstThenFromTheLargest) {
  Limits limits;
  limits.memory = 20000;
  Make(limits);
  const std::string text(1000, 'x');
  ASSERT_TRUE(Publish("small", {text}).ok());
  ASSERT_TRUE(Publish("ended1", {text}).ok());
  ASSERT_TRUE(PublishIds("ended1", {}, End{}).ok());
  ASSERT_TRUE(Publish("ended2", {text}).ok());
  ASSERT_TRUE(PublishIds("ended2", {}, End{}).ok());
  int published = 0;
  do {
    ASSERT_TRUE(Publish("large", {text}).ok());
    ++published;
  } while (Describe("ended1").info->events > 0);
  EXPECT_GT(Describe("ended2").info->events, 0u);
  EXPECT_EQ(Describe("large").info->events, static_cast<uint64_t>(published));
  while (Describe("ended2").info->events > 0)
    ASSERT_TRUE(Publish("large", {text}).ok());
  EXPECT_EQ(Describe("large").lost.trimmed_through, 0u);
  while (Describe("large").lost.trimmed_through == 0)
    ASSERT_TRUE(Publish("large", {text}).ok());
  EXPECT_EQ(Describe("small").info->events, 1u);
  // The newest is there, whatever had to go.
  const Store::Segment segment = Read("large", 0);
  EXPECT_EQ(segment.entries.back()->offset(), Describe("large").info->last);
}

TEST_P(StoreContract, OnlyAnEventThatCannotFitIsRefused) {
  Limits limits;
  limits.memory = 5000;
  Make(limits);
  const auto refused = Publish("a", {std::string(5000, 'x')});
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  EXPECT_NE(refused.status().message().find("memory_limit"), std::string::npos);
  EXPECT_FALSE(Describe("a").info);
  ASSERT_TRUE(Publish("a", {"small"}).ok());
  ASSERT_TRUE(Publish("b", {std::string(3000, 'x')}).ok());
  EXPECT_EQ(Describe("b").info->events, 1u);
  // Topics take room that no event can give back.
  absl::Status status;
  for (int i = 0; status.ok() && i < 100; ++i)
    status = Create(absl::StrCat("topic", i), {}, false).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
}

}  // namespace
}  // namespace sluice
