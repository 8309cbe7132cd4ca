#include "sluice/internal/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace sluice::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Outbox Roomy() { return {1000, std::size_t{1} << 20, v1::ON_ABORT_FAIL}; }

Entry OfText(const std::string& topic, const std::string& text) {
  return Entry::OfEvent(topic, Text(text));
}

Entry OfEnd(const std::string& topic) { return Entry::OfEnd(topic, v1::End()); }

void AddAll(Outbox& outbox, std::vector<Entry> entries) {
  for (Entry& entry : entries) outbox.Add(std::move(entry));
}

v1::Ack AckOf(std::uint64_t requests, std::uint64_t accepted,
              std::uint64_t duplicates = 0, const std::string& cursor = "") {
  v1::Ack ack;
  ack.set_requests(requests);
  ack.set_accepted(accepted);
  ack.set_duplicates(duplicates);
  ack.set_last_cursor(cursor);
  return ack;
}

// All requests as TOPIC:EVENT,EVENT and a full stop for an end.
std::vector<std::string> Shape(Outbox& outbox) {
  std::vector<std::string> all;
  while (const auto request = outbox.NextRequest()) {
    std::string line = request->topic() + ":";
    for (const Event& event : request->events()) {
      if (line.back() != ':') line += ',';
      line += event.text();
    }
    if (request->has_end()) line += '.';
    all.push_back(line);
  }
  return all;
}

TEST(OutboxTest, EventsOfOneTopicShareARequestAndAnEndClosesIt) {
  Outbox outbox = Roomy();
  AddAll(outbox,
         {OfText("a", "1"), OfText("a", "2"), OfText("b", "3"), OfEnd("b"),
          OfText("b", "4"), Entry::OfName("a"), OfText("a", "5")});
  EXPECT_THAT(Shape(outbox), ElementsAre("a:1,2", "b:3.", ":4", "a:5"));
  EXPECT_THAT(Shape(outbox), IsEmpty());
}

TEST(OutboxTest, ARequestHasAtMost64EventsAnd256KiB) {
  Outbox outbox = Roomy();
  for (int n = 0; n < 150; ++n) outbox.Add(OfText("a", "x"));
  for (const std::size_t size : {100'000, 100'000, 100'000, 300'000, 10}) {
    outbox.Add(OfText("b", std::string(size, 'x')));
  }
  std::vector<int> counts;
  while (const auto request = outbox.NextRequest()) {
    counts.push_back(request->events_size());
  }
  EXPECT_THAT(counts, ElementsAre(64, 64, 22, 2, 1, 1, 1));
}

TEST(OutboxTest, EveryRequestSaysWhatAnAbortMeans) {
  Outbox outbox = Roomy();
  outbox.Add(OfText("a", "1"));
  EXPECT_EQ(outbox.NextRequest()->on_abort(), v1::ON_ABORT_FAIL);
}

TEST(OutboxTest, AcknowledgementsAreCumulativeAndMakeRoom) {
  Outbox outbox(3, 1 << 20, v1::ON_ABORT_KEEP_OPEN);
  AddAll(outbox, {OfText("a", "x"), OfText("b", "x"), OfText("c", "x")});
  EXPECT_FALSE(outbox.HasRoom(1));
  Shape(outbox);
  EXPECT_TRUE(outbox.Acknowledge(AckOf(2, 1, 1, "c-2")));
  EXPECT_TRUE(outbox.HasRoom(1));
  EXPECT_EQ(outbox.unacknowledged(), 1u);
  EXPECT_FALSE(outbox.Acknowledge(AckOf(2, 1, 1)));
  outbox.Acknowledge(AckOf(30, 2, 1, "c-3"));
  EXPECT_EQ(outbox.totals().accepted, 2u);
  EXPECT_EQ(outbox.totals().duplicates, 1u);
  EXPECT_EQ(outbox.totals().last_cursor, "c-3");
  EXPECT_EQ(outbox.bytes(), 0u);
}

TEST(OutboxTest, WhatIsLargerThanTheBoundGoesInAlone) {
  Outbox outbox(10, 100, v1::ON_ABORT_KEEP_OPEN);
  EXPECT_TRUE(outbox.HasRoom(1000));
  outbox.Add(OfText("a", std::string(1000, 'x')));
  EXPECT_FALSE(outbox.HasRoom(1));
}

TEST(OutboxTest, ANewCallNamesTheTopicsAgainAndSendsTheRestInTheOldOrder) {
  Outbox outbox = Roomy();
  AddAll(outbox, {OfText("a", "1"), OfText("b", "2"), OfEnd("b"),
                  OfText("a", "3"), OfText("c", "4")});
  for (int n = 0; n < 3; ++n) outbox.NextRequest();
  outbox.Acknowledge(AckOf(1, 1));
  outbox.Restart();
  EXPECT_THAT(Shape(outbox), ElementsAre("a:", "b:2.", "a:3", "c:4"));
  outbox.Acknowledge(AckOf(4, 2, 1));
  EXPECT_EQ(outbox.totals().accepted, 3u);
  EXPECT_EQ(outbox.totals().duplicates, 1u);
  EXPECT_EQ(outbox.unacknowledged(), 0u);
}

TEST(OutboxTest, NamesAndEventsInOneRequestAreSentAgain) {
  Outbox outbox = Roomy();
  AddAll(outbox, {Entry::OfName("a"), OfText("a", "1"), Entry::OfName("a"),
                  OfText("a", "2")});
  for (int call = 0; call < 3; ++call) {
    outbox.Restart();
    const auto shape = Shape(outbox);
    EXPECT_EQ(shape.back(), call == 0 ? "a:1,2" : ":1,2");
  }
  EXPECT_EQ(outbox.unacknowledged(), 4u);
}

TEST(OutboxTest, WhatACallIsToNameAgainIsBounded) {
  constexpr std::size_t kCount = Outbox::kMaxNamed + 5;
  Outbox outbox(1 << 20, 1 << 30, v1::ON_ABORT_KEEP_OPEN);
  for (std::size_t n = 0; n < kCount; ++n) {
    outbox.Add(OfText(std::to_string(n), "x"));
  }
  Shape(outbox);
  outbox.Acknowledge(AckOf(kCount, kCount));
  outbox.Restart();
  const auto named = Shape(outbox);
  ASSERT_EQ(named.size(), Outbox::kMaxNamed);
  EXPECT_EQ(named.front(), "5:");
}

TEST(OutboxTest, WhatAViolationIsAboutIsFound) {
  Outbox outbox = Roomy();
  AddAll(outbox, {OfText("a", "1"), Entry::OfName("b"), OfText("b", "2"),
                  OfText("b", "3"), OfEnd("b")});
  Shape(outbox);
  outbox.Acknowledge(AckOf(1, 1));
  EXPECT_EQ(outbox.Find(0, 0).first, "");
  EXPECT_EQ(outbox.Find(1, 1).first, "b");
  EXPECT_EQ(outbox.Find(1, 1).second->text(), "3");
  EXPECT_EQ(outbox.Find(1, -1).first, "b");
  EXPECT_EQ(outbox.Find(1, -1).second, nullptr);
  EXPECT_EQ(outbox.Find(1, 2).second, nullptr);
  EXPECT_EQ(outbox.Find(2, 0).first, "");
}

TEST(OutboxTest, WhatACallStoredCountsEvenIfItWasNotAcknowledged) {
  Outbox outbox = Roomy();
  AddAll(outbox, {OfText("a", "1"), OfText("b", "2")});
  Shape(outbox);
  outbox.Acknowledge(AckOf(1, 1));
  outbox.Stored(2);
  EXPECT_EQ(outbox.totals().accepted, 2u);
  outbox.Stored(1);
  EXPECT_EQ(outbox.totals().accepted, 2u);
}

}  // namespace
}  // namespace sluice::internal
