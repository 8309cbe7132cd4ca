#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "sluice/error.h"
#include "sluice/publisher.h"
#include "support/bridge.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

using testing::Bridge;
using ::testing::ElementsAre;
using testing::Numbers;
using testing::Texts;
using testing::Until;

// "one", and then what there is.
template <typename Then>
Source OneAnd(Then then) {
  return
      [then, first = true]() mutable -> absl::StatusOr<std::optional<Event>> {
        if (!std::exchange(first, false)) return then();
        return Text("one");
      };
}

TEST(StreamTest, AStreamIsPublishedAndCompleted) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  Event json = *Json(R"({"n": [3]})");
  json.set_type("list");
  const auto streamed =
      publisher.Stream("stream", Items(std::vector<Event>{Text("one"), json}));
  ASSERT_OK(streamed);
  EXPECT_EQ(streamed->events, 2u);
  EXPECT_FALSE(streamed->stop.has_value());
  const auto events = bridge.Events("stream");  // before Close: all is stored
  EXPECT_THAT(Texts(events), ElementsAre("one", "{\"n\":[3]}", "[DONE]"));
  EXPECT_EQ(events[1].type, "list");
  ASSERT_OK(publisher.Stream("texts", Items(Numbers(0, 3))));
  EXPECT_THAT(Texts(bridge.Events("texts")),
              ElementsAre("0", "1", "2", "[DONE]"));
}

TEST(StreamTest, AStreamFailsWithTheErrorOfItsSource) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  const absl::Status error = absl::ResourceExhaustedError("overloaded");
  EXPECT_EQ(
      publisher.Stream("status", OneAnd([error] { return error; })).status(),
      error);
  EXPECT_THAT(Texts(bridge.Events("status")),
              ElementsAre("one",
                          "{\"code\":\"RESOURCE_EXHAUSTED\",\"message\":"
                          "\"overloaded\"}",
                          "[DONE]"));
  EXPECT_CODE(publisher.Stream("text", OneAnd([] { return Text("\xFF"); })),
              kInvalidArgument);
  EXPECT_EQ(bridge.Events("text")[1].type, "error");
  EXPECT_CODE(publisher.Stream("\xFF", Items(Numbers(0, 1))), kInvalidArgument);
  EXPECT_OK(publisher.Close());
}

TEST(StreamTest, WhatASourceThrowsFailsTheTopicAndIsThrownOn) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  const auto broken = []() -> Event { throw std::runtime_error("broken"); };
  EXPECT_THROW((void)publisher.Stream("throws", OneAnd(broken)),
               std::runtime_error);
  const auto odd = []() -> Event { throw 7; };
  EXPECT_THROW((void)publisher.Stream("odd", OneAnd(odd)), int);
  ASSERT_OK(publisher.Close());
  EXPECT_THAT(
      Texts(bridge.Events("throws")),
      ElementsAre("one", "{\"code\":\"UNKNOWN\",\"message\":\"broken\"}",
                  "[DONE]"));
  EXPECT_EQ(bridge.Events("odd")[1].type, "error");
}

TEST(StreamTest, AReaderStopsAStreamWhichCompletes) {
  const Bridge bridge;
  std::atomic<bool> told{false};
  PublisherOptions options;
  options.on_stop = [&](const std::string&, const std::string&) {
    told = true;
  };
  Publisher publisher(bridge.grpc(), options);
  // It is woken by the callback, and what it returns then is not published.
  const auto wait = [&]() -> absl::StatusOr<std::optional<Event>> {
    bridge.Stop("stopped", "seen enough");
    Until("on_stop", [&] { return told.load(); });
    return absl::CancelledError("stopped");
  };
  auto streamed = publisher.Stream("stopped", OneAnd(wait));
  ASSERT_OK(streamed);
  EXPECT_EQ(streamed->events, 1u);
  EXPECT_EQ(streamed->stop->reason(), "seen enough");
  EXPECT_THAT(Texts(bridge.Events("stopped")), ElementsAre("one", "[DONE]"));

  int items = 0;
  streamed = publisher.Stream("endless",
                              [&]() -> absl::StatusOr<std::optional<Event>> {
                                if (++items == 10) bridge.Stop("endless", "");
                                return Text("more");
                              });
  ASSERT_OK(streamed);
  EXPECT_TRUE(streamed->stop.has_value());
  EXPECT_EQ(bridge.Events("endless").size(), streamed->events + 1);
}

TEST(StreamTest, WhatASourceThrowsAfterAStopCompletesTheTopic) {
  const Bridge bridge;
  std::atomic<bool> told{false};
  PublisherOptions options;
  options.on_stop = [&](const std::string&, const std::string&) {
    told = true;
  };
  Publisher publisher(bridge.grpc(), options);
  const auto wait = [&]() -> Event {
    bridge.Stop("stopped", "");
    Until("on_stop", [&] { return told.load(); });
    throw std::runtime_error("stopped");
  };
  EXPECT_THROW((void)publisher.Stream("stopped", OneAnd(wait)),
               std::runtime_error);
  ASSERT_OK(publisher.Close());
  EXPECT_THAT(Texts(bridge.Events("stopped")), ElementsAre("one", "[DONE]"));
}

TEST(StreamTest, AStreamMayIgnoreStops) {
  const Bridge bridge;
  std::atomic<bool> told{false};
  PublisherOptions options;
  options.on_stop = [&](const std::string&, const std::string&) {
    told = true;
  };
  Publisher publisher(bridge.grpc(), options);
  int items = 0;
  const auto two = [&]() -> absl::StatusOr<std::optional<Event>> {
    if (++items == 3) return std::nullopt;
    if (items == 2) {
      bridge.Stop("stubborn", "enough");
      Until("on_stop", [&] { return told.load(); });
    }
    return Text("more");
  };
  const auto streamed =
      publisher.Stream("stubborn", two, {/*ignore_stops=*/true});
  ASSERT_OK(streamed);
  EXPECT_EQ(streamed->events, 2u);
  EXPECT_FALSE(streamed->stop.has_value());
}

}  // namespace
}  // namespace sluice
