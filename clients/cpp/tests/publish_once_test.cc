#include "sluice/publish_once.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "sluice/error.h"
#include "support/bridge.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

using testing::Bridge;
using testing::Numbers;
using testing::Texts;

TEST(PublishOnceTest, APlainCallPublishesItemsAsTheyCome) {
  const Bridge bridge;
  const auto channel = Connect(bridge.grpc());
  PublishOnceOptions options;
  options.end.emplace().mutable_error()->set_code(4);
  options.end->mutable_error()->set_message("late");
  int count = 0;
  const auto response = PublishOnce(
      channel, "plain",
      [&]() -> absl::StatusOr<std::optional<Event>> {
        if (count == 100) return std::nullopt;
        Event event = Text(std::to_string(count));
        event.set_id("n" + std::to_string(count++));
        return event;
      },
      options);
  ASSERT_OK(response);
  EXPECT_EQ(response->accepted(), 100u);
  auto expected = Numbers(0, 100);
  expected.emplace_back(
      "{\"code\":\"DEADLINE_EXCEEDED\",\"message\":\"late\"}");
  expected.emplace_back("[DONE]");
  EXPECT_EQ(Texts(bridge.Events("plain")), expected);
  Event again = Text("7");
  again.set_id("n7");
  EXPECT_EQ(PublishOnce(channel, "plain", Items(std::vector<Event>{again}))
                ->duplicates(),
            1u);
}

TEST(PublishOnceTest, APlainCallSaysWhatWasRefused) {
  const Bridge bridge;
  const auto channel = Connect(bridge.grpc());
  const auto response = PublishOnce(
      channel, "bad", Items(std::vector<std::string>{"a", "b", "[DONE]"}));
  EXPECT_CODE(response, kInvalidArgument);
  const auto error = PublishErrorOf(response.status());
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->accepted, 2u);
  EXPECT_EQ(error->violations.at(0).field, "requests[2].events[0].text");
}

TEST(PublishOnceTest, AnErrorOfTheSourceIsReturnedOrThrownOn) {
  const Bridge bridge;
  const auto channel = Connect(bridge.grpc());
  const absl::Status mine = absl::NotFoundError("mine");
  EXPECT_EQ(PublishOnce(
                channel, "mine",
                [&]() -> absl::StatusOr<std::optional<Event>> { return mine; })
                .status(),
            mine);
  EXPECT_THROW((void)PublishOnce(channel, "mine",
                                 []() -> absl::StatusOr<std::optional<Event>> {
                                   throw std::runtime_error("broken");
                                 }),
               std::runtime_error);
  const auto bad =
      PublishOnce(channel, "mine", Items(std::vector<std::string>{"\xFF"}));
  EXPECT_CODE(bad, kInvalidArgument);
  EXPECT_FALSE(PublishErrorOf(bad.status()).has_value());
  EXPECT_CODE(PublishOnce(channel, "\xFF", Items(Numbers(0, 1))),
              kInvalidArgument);
  PublishOnceOptions options;
  options.metadata = {{"Not Legal", "x"}};
  EXPECT_CODE(PublishOnce(channel, "mine", Items(Numbers(0, 1)), options),
              kInvalidArgument);
}

TEST(PublishOnceTest, APlainCallEndsWithItsTimeoutAndIsTriedOnce) {
  const Bridge bridge;
  PublishOnceOptions options;
  options.timeout = absl::Milliseconds(50);
  const auto endless = []() -> absl::StatusOr<std::optional<Event>> {
    return Text("x");
  };
  EXPECT_CODE(PublishOnce(Connect(bridge.grpc()), "endless", endless, options),
              kDeadlineExceeded);
  EXPECT_CODE(PublishOnce(Connect("127.0.0.1:9"), "nobody", endless),
              kUnavailable);
}

}  // namespace
}  // namespace sluice
