// What every store must do, whichever it is.
#include "tests/unit/store/store_contract.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/store/memory_store.h"

namespace sluice {
namespace {

TEST_P(StoreContract, OffsetsRiseOverAllTopics) {
  Make();
  EXPECT_EQ(Publish("a", {"1", "2"})->last, 2u);
  EXPECT_EQ(Publish("b", {"3"})->last, 3u);
  EXPECT_EQ(Publish("a", {"4"})->last, 4u);
  EXPECT_EQ(Texts(Read("a", 0)), (std::vector<std::string>{"1", "2", "4"}));
  EXPECT_EQ(Describe("a").visible_end, 4u);
}

TEST_P(StoreContract, AnIdIsStoredOnceAlsoWithinARequestAndAfterTheEnd) {
  Make();
  auto first = PublishIds("a", {"x", "y", "x"});
  EXPECT_EQ(first->accepted, 2u);
  EXPECT_EQ(first->duplicates, 1u);
  EXPECT_EQ(first->last, 1u);
  ASSERT_TRUE(PublishIds("a", {}, End{}).ok());
  auto again = PublishIds("a", {"y"}, End{});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->accepted, 0u);
  EXPECT_EQ(again->duplicates, 1u);
  EXPECT_EQ(again->last, 3u);
  EXPECT_EQ(Read("a", 0).entries.size(), 3u);
}

TEST_P(StoreContract, ItsSizeGrowsWithTopicsAndEvents) {
  Make();
  const auto measure = [this] {
    return Wait<Store::Size>([this](auto done) { store_->Measure(done); });
  };
  EXPECT_EQ(measure().topics, 0u);
  ASSERT_TRUE(Publish("a", {"x"}).ok());
  ASSERT_TRUE(Publish("b", {"x"}).ok());
  const Store::Size before = measure();
  EXPECT_EQ(before.topics, 2u);
  ASSERT_TRUE(Publish("b", {std::string(10000, 'x')}).ok());
  EXPECT_GE(measure().bytes, before.bytes + 10000);
}

TEST_P(StoreContract, NothingNewComesAfterTheEnd) {
  Make();
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Publish("a", {"1"}).status()));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(PublishIds("a", {"x", "new"}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      PublishIds("a", {}, End{Failure{13, "no"}}).status()));
  EXPECT_EQ(Texts(Read("a", 0)), (std::vector<std::string>{"x", "END"}));
}

TEST_P(StoreContract, AnEndMakesATopicThatIsNotThere) {
  Make();
  ASSERT_TRUE(PublishIds("a", {}, End{Failure{5, "gone"}}).ok());
  const auto info = Describe("a").info;
  ASSERT_TRUE(info);
  EXPECT_EQ(info->end->end().failure->message, "gone");
}

TEST_P(StoreContract, ARefusedRequestStoresNothing) {
  Limits limits;
  limits.defaults.retention_bytes = 10;
  Make(limits);
  const auto refused = Publish("a", {"fits", "does not fit"});
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  EXPECT_NE(refused.status().message().find("retention_bytes"),
            std::string::npos);
  EXPECT_FALSE(Describe("a").info);
  EXPECT_EQ(Publish("b", {"x"})->last, 1u);
}

TEST_P(StoreContract, TopicsAreLimited) {
  Limits limits;
  limits.max_topics = 1;
  Make(limits);
  ASSERT_TRUE(Publish("a", {"x"}).ok());
  const auto refused = Publish("b", {"x"});
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status()));
  EXPECT_NE(refused.status().message().find("max_topics"), std::string::npos);
  EXPECT_TRUE(absl::IsResourceExhausted(Create("c", {}, false).status()));
}

TEST_P(StoreContract, CountKeepsExactlyTheLastEvents) {
  Limits limits;
  limits.defaults.retention_events = 3;
  Make(limits);
  for (int i = 1; i <= 10; ++i) {
    ASSERT_TRUE(Publish("a", {absl::StrCat(i)}).ok());
  }
  ASSERT_TRUE(PublishIds("a", {}, End{}).ok());
  const Store::Segment segment = Read("a", 0);
  EXPECT_EQ(Texts(segment), (std::vector<std::string>{"8", "9", "10", "END"}));
  EXPECT_EQ(segment.holes.at(0).lost.trimmed_through, 7u);
  const auto info = *Describe("a").info;
  EXPECT_EQ(info.first, 8u);
  EXPECT_EQ(info.last_event, 10u);
  EXPECT_EQ(info.last, 11u);
  EXPECT_EQ(info.events, 3u);
}

TEST_P(StoreContract, ATopicIsMadeWithTheSettingsOfItsRule) {
  TopicRule last;
  last.match = "price.*";
  last.retention_events = 1;
  last.default_start = TopicSettings::Start::kLatest;
  last.omit_done_marker = true;
  TopicRule small;
  small.match = "small";
  small.retention_bytes = 2;
  Limits limits;
  limits.rules = {last, small};
  Make(limits);

  for (const char* topic : {"price.eur", "price.usd", "price"}) {
    const bool matches = topic != std::string("price");
    EXPECT_EQ(Describe(topic).settings.retention_events, matches ? 1u : 1000u);
    ASSERT_TRUE(Publish(topic, {"1"}).ok());
    ASSERT_TRUE(Publish(topic, {"2", "3"}).ok());
    const Store::Description description = Describe(topic);
    EXPECT_EQ(description.info->events, matches ? 1u : 3u) << topic;
    EXPECT_EQ(description.info->settings.default_start,
              matches ? TopicSettings::Start::kLatest
                      : TopicSettings::Start::kEarliest);
    EXPECT_EQ(description.settings.retention_events, matches ? 1u : 1000u);
  }
  EXPECT_EQ(Texts(Read("price.usd", 0)), (std::vector<std::string>{"3"}));
  ASSERT_TRUE(PublishIds("price.eur", {}, End{}).ok());
  EXPECT_TRUE(Describe("price.eur").info->end->silent_end());

  EXPECT_TRUE(absl::IsResourceExhausted(Publish("small", {"123"}).status()));
  EXPECT_FALSE(Describe("small").info);
  EXPECT_TRUE(Publish("small", {"12"}).ok());
}

TEST_P(StoreContract, ATopicThatIsCreatedHasTheSettingsItIsGiven) {
  TopicRule rule;
  rule.match = ">";
  rule.retention_events = 1;
  Limits limits;
  limits.rules = {rule};
  Make(limits);
  TopicSettings settings;
  settings.retention_events = 2;
  ASSERT_TRUE(Create("a", settings, false).ok());
  ASSERT_TRUE(Publish("a", {"1", "2", "3"}).ok());
  EXPECT_EQ(Describe("a").info->events, 2u);
  EXPECT_EQ(Describe("a").settings.retention_events, 2u);
}

TEST_P(StoreContract, BytesAreKeptWithinTheirLimit) {
  Limits limits;
  limits.defaults.retention_bytes = 10;
  Make(limits);
  ASSERT_TRUE(Publish("a", {"aaaa", "bbbb", "cccc"}).ok());
  EXPECT_EQ(Texts(Read("a", 0)), (std::vector<std::string>{"bbbb", "cccc"}));
  EXPECT_EQ(Describe("a").info->bytes, 8u);
}

TEST_P(StoreContract, AnIdThatRetentionForgotIsNew) {
  Limits limits;
  limits.defaults.retention_events = 1;
  Make(limits);
  ASSERT_TRUE(PublishIds("a", {"x", "y"}).ok());
  EXPECT_FALSE(Describe("a", "x").found);
  EXPECT_EQ(PublishIds("a", {"x"})->accepted, 1u);
  EXPECT_EQ(*Describe("a", "x").found, 3u);
}

TEST_P(StoreContract, AgeGoesByTimerWhenNothingIsPublished) {
  Limits limits;
  limits.defaults.retention_age = absl::Milliseconds(20);
  Make(limits);
  ASSERT_TRUE(Publish("a", {"x"}).ok());
  while (Describe("a").info->events != 0) std::this_thread::yield();
  EXPECT_EQ(Describe("a").lost.trimmed_through, 1u);
}

TEST_P(StoreContract, ReadsInPartsAndSaysHowFarItCame) {
  Make();
  ASSERT_TRUE(Publish("a", {"1", "2", "3"}).ok());
  ASSERT_TRUE(Publish("b", {"other"}).ok());
  const Store::Segment first = Read("a", 0, 1);
  EXPECT_EQ(Texts(first), (std::vector<std::string>{"1"}));
  EXPECT_EQ(first.reached, 1u);
  EXPECT_FALSE(first.at_end);
  const Store::Segment rest = Read("a", first.reached);
  EXPECT_EQ(Texts(rest), (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(rest.reached, 4u);
  EXPECT_TRUE(rest.at_end);
  EXPECT_TRUE(Read("nobody", 0).entries.empty());
}

TEST_P(StoreContract, KnowsThePlaceBeforeTheLastEvents) {
  Make();
  ASSERT_TRUE(Publish("a", {"1", "2"}).ok());
  ASSERT_TRUE(Publish("b", {"other"}).ok());
  ASSERT_TRUE(Publish("a", {"4"}).ok());
  EXPECT_EQ(Texts(Read("a", Describe("a", "", 2).before_last)),
            (std::vector<std::string>{"2", "4"}));
  EXPECT_EQ(Read("a", Describe("a", "", 99).before_last).entries.size(), 3u);
}

TEST_P(StoreContract, CreatesOnceAndReplacesOnlyWhatHasEnded) {
  Make();
  TopicSettings settings;
  settings.retention_events = 2;
  EXPECT_EQ(Create("a", settings, false)->settings.retention_events, 2u);
  EXPECT_TRUE(absl::IsAlreadyExists(Create("a", {}, true).status()));
  ASSERT_TRUE(PublishIds("a", {"x"}, End{}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Create("a", {}, false).status()));
  ASSERT_TRUE(Create("a", {}, true).ok());
  EXPECT_EQ(PublishIds("a", {"x"})->accepted, 1u);
}

TEST_P(StoreContract, ALostProducerFailsItsTopicAfterTheGrace) {
  Make();
  const Store::Lease lease{1, true};
  ASSERT_TRUE(Append({"a", {{"", "", "x"}}, absl::nullopt, lease}).ok());
  store_->Release("a", lease, absl::ZeroDuration());
  const EntryRef end = WaitForEnd();
  EXPECT_EQ(end->topic(), "a");
  EXPECT_EQ(*end->end().failure, (Failure{10, "producer lost"}));
}

TEST_P(StoreContract, NamingATopicIsEnoughToHoldIt) {
  Make();
  const Store::Lease lease{1, true};
  ASSERT_TRUE(Append({"a", {}, absl::nullopt, lease}).ok());
  store_->Release("a", lease, absl::ZeroDuration());
  EXPECT_EQ(WaitForEnd()->topic(), "a");
}

TEST_P(StoreContract, ATopicThatAnotherCallHasTakenOverGoesOn) {
  Make();
  const Store::Lease lost{1, true};
  const Store::Lease heir{2, false};
  ASSERT_TRUE(Append({"a", {}, absl::nullopt, lost}).ok());
  store_->Release("a", lost, absl::Hours(1));
  ASSERT_TRUE(Append({"a", {}, absl::nullopt, heir}).ok());
  ASSERT_TRUE(Append({"b", {}, absl::nullopt, lost}).ok());
  ASSERT_TRUE(Append({"b", {}, absl::nullopt, heir}).ok());
  store_->Release("b", lost, absl::ZeroDuration());
  store_->Release("a", heir, absl::ZeroDuration());
  // What fails after them shows that their time had come.
  ASSERT_TRUE(Append({"c", {}, absl::nullopt, lost}).ok());
  store_->Release("c", lost, absl::ZeroDuration());
  EXPECT_EQ(WaitForEnd()->topic(), "c");
  EXPECT_EQ(Describe("a").info->end, nullptr);
  EXPECT_EQ(Describe("b").info->end, nullptr);
}

TEST_P(StoreContract, AnEndDuringTheGraceIsTheOnlyOne) {
  Make();
  const Store::Lease lost{1, true};
  ASSERT_TRUE(Append({"a", {}, absl::nullopt, lost}).ok());
  store_->Release("a", lost, absl::Milliseconds(5));
  ASSERT_TRUE(PublishIds("a", {}, End{}).ok());
  // What fails after it shows that its time had come.
  ASSERT_TRUE(Append({"c", {}, absl::nullopt, lost}).ok());
  store_->Release("c", lost, absl::Milliseconds(10));
  while (Describe("c").info->end == nullptr) std::this_thread::yield();
  EXPECT_FALSE(Describe("a").info->end->end().failure);
  EXPECT_EQ(Describe("a").info->last, 1u);
}

TEST_P(StoreContract, TheListenerHearsEachEntryOnceAndInOrder) {
  Limits limits;
  limits.defaults.retention_events = 10;
  Make(limits);
  constexpr int kThreads = 8;
  constexpr int kEach = 5000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        store_->Append(
            {absl::StrCat("topic", (t + i) % 3),
             {{"", absl::StrCat(t), absl::StrCat(i)}},
             absl::nullopt,
             absl::nullopt},
            [](const auto& appended) { ASSERT_TRUE(appended.ok()); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(mutex_);
  while (committed_.size() < kThreads * kEach) changed_.Wait(mutex_);
  std::map<std::string, int> next;
  for (size_t i = 0; i < committed_.size(); ++i) {
    ASSERT_EQ(committed_[i]->offset(), i + 1);
    int& expected = next[std::string(committed_[i]->type())];
    ASSERT_EQ(committed_[i]->data(), absl::StrCat(expected++));
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(Kind{
                             "Memory",
                             [](Limits limits, Store::Listener listener) {
                               MemoryStoreOptions options;
                               options.rules =
                                   TopicRules(limits.defaults, limits.rules);
                               options.max_topics = limits.max_topics;
                               options.memory_limit = limits.memory;
                               options.tombstone_ttl = limits.tombstone_ttl;
                               options.idle_topic_ttl = limits.idle_topic_ttl;
                               return NewMemoryStore(options,
                                                     std::move(listener));
                             }}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace sluice
