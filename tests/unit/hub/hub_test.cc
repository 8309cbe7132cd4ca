#include "bridge/hub/hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/store/memory_store.h"

namespace sluice {
namespace {

class HubTest : public testing::Test {
 protected:
  HubTest() {
    MemoryStoreOptions options;
    TopicSettings settings;
    settings.retention_events = 1000000;
    settings.retention_bytes = 1 << 30;
    options.rules = TopicRules(settings);
    store_ = NewMemoryStore(options, [this](absl::Span<const EntryRef> batch) {
      hub_.OnCommitted(batch);
    });
    hub_.SetStore(store_.get());
  }

  void Publish(const std::string& topic, int count) {
    Store::AppendRequest request{topic, {}, absl::nullopt, absl::nullopt};
    for (int i = 0; i < count; ++i) request.events.push_back({"", "", "x"});
    store_->Append(std::move(request), [](const auto&) {});
  }

  std::unique_ptr<TopicView> Watch(const std::string& topic) {
    return hub_.Watch(
        Selector(topic), inbox_, [this] { ++news_; }, [] {});
  }

  Hub hub_;
  std::unique_ptr<Store> store_;
  std::atomic<int> wakes_{0};
  int news_ = 0;
  LoopInbox inbox_{[this] { ++wakes_; }};
};

TEST_F(HubTest, AViewIsCompleteFromItsStart) {
  Publish("a", 3);
  const auto view = Watch("a");
  Publish("b", 1);
  Publish("a", 2);
  const TopicView::Tail tail = view->Take();
  EXPECT_EQ(tail.from, 3u);
  EXPECT_EQ(tail.to, 6u);
  ASSERT_EQ(tail.entries.size(), 2u);
  EXPECT_EQ(tail.entries[0]->offset(), 5u);
  EXPECT_EQ(view->Take().entries.size(), 0u);
}

TEST_F(HubTest, ALoopIsWokenOnceUntilItLooks) {
  const auto a = Watch("a");
  const auto b = Watch("b");
  Publish("a", 1);
  Publish("a", 1);
  Publish("b", 1);
  EXPECT_EQ(wakes_, 1);
  inbox_.RunMarked();
  EXPECT_EQ(news_, 2);
  a->Take();
  Publish("a", 1);
  EXPECT_EQ(wakes_, 2);
}

TEST_F(HubTest, CountsAllThatIsPublishedWhetherOrNotSomebodyWatches) {
  const auto a = Watch("a");
  Publish("a", 2);
  Publish("b", 3);
  EXPECT_EQ(hub_.published(), 5u);
}

TEST_F(HubTest, ALoopThatDoesNotLookKeepsAPlaceAndNoEvents) {
  const auto view = Watch("a");
  const int many = static_cast<int>(TopicView::kMaxWaitingEntries) + 1;
  Publish("a", many);
  Publish("a", 1);
  const TopicView::Tail tail = view->Take();
  EXPECT_EQ(tail.from, static_cast<Offset>(many));
  EXPECT_EQ(tail.entries.size(), 1u);
}

TEST_F(HubTest, AViewThatIsGoneIsNotCalled) {
  auto view = Watch("a");
  Publish("a", 1);
  view.reset();
  Publish("a", 1);
  inbox_.RunMarked();
  EXPECT_EQ(news_, 0);
}

TEST_F(HubTest, CountsTheStreamsOfAllViews) {
  const auto one = Watch("a");
  const auto two = Watch("a");
  one->CountSubscribers(2);
  two->CountSubscribers(1);
  EXPECT_EQ(hub_.Subscribers("a"), 3u);
  one->CountSubscribers(-2);
  EXPECT_EQ(hub_.Subscribers("a"), 1u);
  EXPECT_EQ(hub_.Subscribers("b"), 0u);
}

// Replay, then live, begun over and over while producers write: each round
// must see every entry of its topic once and in order.
TEST_F(HubTest, FromReplayToLiveNothingIsLostOrDoubled) {
  constexpr int kProducers = 4;
  constexpr int kEach = 4000;
  std::atomic<int> running{kProducers};
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) Publish(absl::StrCat("t", p % 2), 1);
      --running;
    });
  }
  bool last_round = false;
  while (!last_round) {
    last_round = running == 0;
    const auto view = Watch("t0");
    Offset at = 0;
    size_t seen = 0;
    const auto take = [&](const EntryRef& entry) {
      if (entry->offset() <= at) return;
      at = entry->offset();
      ++seen;
    };
    for (int turn = 0; turn < 20; ++turn) {
      const TopicView::Tail tail = view->Take();
      while (at < tail.from) {
        store_->Read(Selector("t0"), at, 4096,
                     [&](const Store::Segment& segment) {
                       for (const EntryRef& entry : segment.entries)
                         take(entry);
                       at = std::max(at, segment.reached);
                     });
      }
      for (const EntryRef& entry : tail.entries) take(entry);
    }
    Offset counted = 0;
    store_->Read(Selector("t0"), 0, 1 << 30,
                 [&](const Store::Segment& segment) {
                   for (const EntryRef& entry : segment.entries) {
                     if (entry->offset() <= at) ++counted;
                   }
                 });
    ASSERT_EQ(seen, counted);
    inbox_.RunMarked();
  }
  for (std::thread& producer : producers) producer.join();
}

}  // namespace
}  // namespace sluice
