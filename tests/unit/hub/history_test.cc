#include "bridge/hub/history.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/store/memory_store.h"

namespace sluice {
namespace {

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    MemoryStoreOptions options;
    TopicSettings settings;
    settings.retention_events = 10;
    options.rules = TopicRules(settings);
    store_ = NewMemoryStore(options, [](const auto&) {});
    hub_.SetStore(store_.get());
  }

  // `count` events, whose texts and ids count on.
  void Publish(int count) {
    Store::AppendRequest request;
    request.topic = "t";
    for (int i = 0; i < count; ++i) {
      ++published_;
      request.events.push_back(
          {absl::StrCat("id", published_), "", absl::StrCat(published_)});
    }
    store_->Append(std::move(request), [](const auto&) {});
  }
  void End(absl::optional<Failure> failure = absl::nullopt) {
    Store::AppendRequest request;
    request.topic = "t";
    request.end = sluice::End{std::move(failure)};
    store_->Append(std::move(request), [](const auto&) {});
  }

  HistoryPage Page(const HistoryRequest& request) {
    std::promise<HistoryPage> answer;
    ReadHistory(hub_, "t", request,
                [&](HistoryPage page) { answer.set_value(std::move(page)); });
    return answer.get_future().get();
  }
  std::string At(Offset offset) const {
    return Cursor{store_->epoch(), offset}.ToString();
  }

  static std::vector<std::string> Texts(const HistoryPage& page) {
    std::vector<std::string> texts;
    for (const EntryRef& event : page.events) texts.emplace_back(event->data());
    return texts;
  }

  Hub hub_;
  std::unique_ptr<Store> store_;
  int published_ = 0;
};

TEST_F(HistoryTest, ATopicThatIsNotThereHasNone) {
  EXPECT_FALSE(Page({}).there);
}

TEST_F(HistoryTest, ATopicThatOnlyReadersHoldIsEmpty) {
  LoopInbox inbox([] {});
  const auto view = hub_.Watch(
      Selector("t"), inbox, [] {}, [] {});
  view->CountSubscribers(1);
  const HistoryPage page = Page({});
  EXPECT_TRUE(page.there);
  EXPECT_TRUE(page.events.empty());
  view->CountSubscribers(-1);
}

TEST_F(HistoryTest, PagesFollowOneAnother) {
  Publish(5);
  const HistoryPage first = Page({"", {}, 2});
  EXPECT_EQ(Texts(first), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(first.cursor, 2u);
  const HistoryPage second = Page({At(first.cursor), {}, 2});
  EXPECT_EQ(Texts(second), (std::vector<std::string>{"3", "4"}));
  const HistoryPage third = Page({At(second.cursor), {}, 2});
  EXPECT_EQ(Texts(third), (std::vector<std::string>{"5"}));
  EXPECT_EQ(third.end, nullptr);
  EXPECT_TRUE(Page({At(third.cursor), {}, 2}).events.empty());
}

TEST_F(HistoryTest, TheLastPageOfAnOpenTopicIsAtTheVisibleEnd) {
  Publish(3);
  store_->Append({"other", {{"", "", "x"}}, {}, {}}, [](const auto&) {});
  EXPECT_EQ(Page({}).cursor, 4u);
  EXPECT_EQ(Page({"", {}, 3}).cursor, 4u);
}

TEST_F(HistoryTest, TheLastFewAreTheLastThatAreKept) {
  Publish(15);
  EXPECT_EQ(Texts(Page({"", 3, 100})),
            (std::vector<std::string>{"13", "14", "15"}));
  EXPECT_EQ(Page({"", 100, 1}).events.size(), 10u);
  EXPECT_FALSE(Page({"", 100, 1}).gap);
}

TEST_F(HistoryTest, AnEventsOwnIdIsAPlaceToo) {
  Publish(5);
  EXPECT_EQ(Texts(Page({"id3", {}, 100})),
            (std::vector<std::string>{"4", "5"}));
}

TEST_F(HistoryTest, WhatIsLostIsTold) {
  Publish(15);
  const HistoryPage page = Page({At(2), {}, 100});
  ASSERT_TRUE(page.gap);
  EXPECT_EQ(page.gap->requested, At(2));
  EXPECT_EQ(page.gap->resumed, 5u);
  EXPECT_EQ(page.gap->reason, GapReason::kTrimmed);
  EXPECT_EQ(page.events.size(), 10u);
  EXPECT_EQ(Page({"rubbish", {}, 100}).gap->reason, GapReason::kUnknownId);
  EXPECT_FALSE(Page({}).gap);
}

TEST_F(HistoryTest, OnlyThePageThatReachesTheEndSaysSo) {
  Publish(4);
  End(Failure{13, "broken"});
  EXPECT_EQ(Page({"", {}, 3}).end, nullptr);
  const HistoryPage last = Page({At(3), {}, 3});
  EXPECT_EQ(Texts(last), (std::vector<std::string>{"4"}));
  ASSERT_NE(last.end, nullptr);
  EXPECT_EQ(last.end->end().failure->message, "broken");
  EXPECT_EQ(last.cursor, 5u);
  // A full page that nothing but the end follows reaches it.
  EXPECT_NE(Page({"", {}, 4}).end, nullptr);
}

TEST_F(HistoryTest, AtTheEndThereIsTheEnd) {
  Publish(1);
  End();
  for (const Offset after : {1, 2}) {
    const HistoryPage page = Page({At(after), {}, 100});
    EXPECT_TRUE(page.events.empty());
    EXPECT_NE(page.end, nullptr);
    EXPECT_EQ(page.cursor, 2u);
    EXPECT_FALSE(page.gap);
  }
}

TEST_F(HistoryTest, ADeletedTopicIsAnEndedOne) {
  Publish(3);
  store_->Delete("t", [](const auto&) {});
  const HistoryPage fresh = Page({});
  EXPECT_TRUE(fresh.there);
  EXPECT_TRUE(fresh.events.empty());
  ASSERT_NE(fresh.end, nullptr);
  EXPECT_EQ(Page({At(1), {}, 100}).gap->reason, GapReason::kGone);
}

}  // namespace
}  // namespace sluice
