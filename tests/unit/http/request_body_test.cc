#include "bridge/http/request_body.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

constexpr size_t kBytes = 1000;

RequestHead Head() {
  RequestHead head;
  head.content_length = kBytes;
  return head;
}

void Feed(RequestBody& body, size_t bytes) {
  const std::string input(bytes, 'x');
  absl::string_view rest = input;
  body.Read(rest);
}

TEST(RequestBodyTest, BodiesAreBoundedTogetherAndGiveTheirMemoryBack) {
  BodyMemory memory(2 * kBytes);
  {
    RequestBody one(Head(), kBytes, memory);
    Feed(one, kBytes - 1);
    EXPECT_FALSE(one.refusal());
    EXPECT_GE(memory.used(), static_cast<int64_t>(kBytes - 1));

    RequestBody other(Head(), kBytes, memory);
    Feed(other, kBytes - 1);
    Feed(other, 1);
    ASSERT_TRUE(other.refusal());
    EXPECT_EQ(other.refusal()->http_status, 503);
    EXPECT_LE(memory.used(), static_cast<int64_t>(2 * kBytes));

    Feed(one, 1);
    EXPECT_TRUE(one.done());
    EXPECT_EQ(one.text(), std::string(kBytes, 'x'));
  }
  EXPECT_EQ(memory.used(), 0);
}

TEST(RequestBodyTest, GivesTheMemoryOfARefusedBodyBackAtOnce) {
  BodyMemory memory(kBytes);
  RequestBody body(Head(), kBytes, memory);
  Feed(body, kBytes / 2);
  EXPECT_GT(memory.used(), 0);
  body.Refuse(408, "too slow");
  EXPECT_EQ(memory.used(), 0);
  EXPECT_EQ(body.refusal()->http_status, 408);
}

TEST(RequestBodyTest, RefusesATooLargeOneBeforeItComes) {
  BodyMemory memory(kBytes);
  RequestBody body(Head(), kBytes - 1, memory);
  Feed(body, 0);
  ASSERT_TRUE(body.refusal());
  EXPECT_EQ(body.refusal()->http_status, 413);
}

}  // namespace
}  // namespace sluice
