#include "clients/cli/publish_queue.h"

#include <gtest/gtest.h>

#include <string>

#include "clients/cli/publisher.h"

namespace sluice {
namespace {

std::vector<v1::Event> Events(size_t count, size_t bytes) {
  std::vector<v1::Event> events(count);
  for (v1::Event& event : events) event.set_text(std::string(bytes, 'x'));
  return events;
}

TEST(PublishQueueTest, ARequestCarriesWhatWaitsUpTo64Events) {
  PublishQueue queue;
  queue.Add(Events(100, 1));
  EXPECT_EQ(queue.NextRequest().size(), kMaxRequestEvents);
  EXPECT_EQ(queue.NextRequest().size(), 36u);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.NextRequest().empty());
}

TEST(PublishQueueTest, ARequestCarriesUpTo64KiB) {
  PublishQueue queue;
  queue.Add(Events(5, 30000));
  EXPECT_EQ(queue.NextRequest().size(), 2u);
  EXPECT_EQ(queue.NextRequest().size(), 2u);
  EXPECT_EQ(queue.NextRequest().size(), 1u);
}

TEST(PublishQueueTest, AnEventLargerThanThatGoesAlone) {
  PublishQueue queue;
  queue.Add(Events(1, 1));
  queue.Add(Events(1, 200000));
  queue.Add(Events(1, 1));
  EXPECT_EQ(queue.NextRequest().size(), 1u);
  EXPECT_EQ(queue.NextRequest().size(), 1u);
  EXPECT_EQ(queue.NextRequest().size(), 1u);
}

TEST(PublishQueueTest, ThereIsRoomUntilAMebibyteOr4096EventsWait) {
  PublishQueue large;
  large.Add(Events(1, 1 << 20));
  EXPECT_FALSE(large.has_room());
  large.NextRequest();
  EXPECT_TRUE(large.has_room());

  PublishQueue many;
  many.Add(Events(4096, 1));
  EXPECT_FALSE(many.has_room());
  many.NextRequest();
  EXPECT_TRUE(many.has_room());
}

TEST(PublishQueueTest, ItKnowsHowManyEventsWentBeforeOneOfARequest) {
  PublishQueue queue;
  queue.NextRequest();
  queue.Add(Events(70, 1));
  queue.NextRequest();
  queue.NextRequest();
  EXPECT_EQ(queue.EventsBefore(0, 0), 0u);
  EXPECT_EQ(queue.EventsBefore(1, 3), 3u);
  EXPECT_EQ(queue.EventsBefore(2, 5), 69u);
  EXPECT_FALSE(queue.EventsBefore(3, 0).has_value());
}

}  // namespace
}  // namespace sluice
