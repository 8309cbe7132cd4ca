#include "sluice/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sluice/publisher.h"
#include "support/bridge.h"
#include "support/status_matchers.h"

namespace sluice {
namespace {

using testing::Bridge;
using ::testing::HasSubstr;
using testing::Numbers;
using testing::Texts;

TEST(ErrorTest, AnEventThatBreaksARuleNamesTheFieldAndTheEvent) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  ASSERT_OK(publisher.Publish("bad", Text("fine")));
  ASSERT_OK(publisher.Flush());
  Event bad = Text("x");
  bad.set_id("x");
  bad.set_type("a\nb");
  ASSERT_OK(publisher.Publish("bad", bad));
  const absl::Status status = publisher.Flush();
  EXPECT_CODE(status, kInvalidArgument);
  const auto error = PublishErrorOf(status);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->accepted, 1u);
  EXPECT_EQ(error->duplicates, 0u);
  EXPECT_EQ(error->unacknowledged, 1u);
  ASSERT_EQ(error->violations.size(), 1u);
  const Violation& violation = error->violations[0];
  EXPECT_EQ(violation.field, "requests[1].events[0].type");
  EXPECT_EQ(violation.topic, "bad");
  ASSERT_TRUE(violation.event.has_value());
  EXPECT_EQ(violation.event->id(), "x");
  EXPECT_FALSE(violation.description.empty());
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(violation.field + ": " + violation.description));
}

TEST(ErrorTest, AnErrorSaysHowMuchWasAcceptedHoweverMuchIsOnItsWay) {
  const Bridge bridge;
  for (int round = 0; round < 10; ++round) {
    const std::string topic = "way." + std::to_string(round);
    std::uint64_t accepted = 0;
    {
      Publisher publisher(bridge.grpc());
      for (int n = 0; n < 3000; ++n) {
        const std::string text = n == 1000 ? "[DONE]" : std::to_string(n);
        if (!publisher.Publish(topic, Text(text)).ok()) break;
      }
      const auto error = PublishErrorOf(publisher.Close().status());
      ASSERT_TRUE(error.has_value());
      accepted = error->accepted;
      EXPECT_LE(accepted, 1000u);
      EXPECT_GE(accepted, 1000u - 63u);  // a request is whole
    }
    Publisher other(bridge.grpc());
    ASSERT_OK(other.End(topic));
    ASSERT_OK(other.Close());
    auto expected = Numbers(0, static_cast<int>(accepted));
    expected.emplace_back("[DONE]");
    EXPECT_EQ(Texts(bridge.Events(topic)), expected);
  }
}

TEST(ErrorTest, AFinalErrorIsReturnedByEverythingThatFollows) {
  const Bridge bridge;
  PublisherOptions options;
  options.buffer_events = 2;
  Publisher publisher(bridge.grpc(), options);
  absl::Status first;
  for (int n = 0; first.ok() && n < 100; ++n) {  // waits for room, and is told
    first = publisher.Publish("no spaces", Text("x"));
  }
  EXPECT_CODE(first, kInvalidArgument);
  ASSERT_TRUE(PublishErrorOf(first).has_value());
  EXPECT_EQ(publisher.Publish("fine", Text("x")), first);
  EXPECT_EQ(publisher.End("fine"), first);
  EXPECT_EQ(publisher.Announce("fine"), first);
  EXPECT_EQ(publisher.Fail("fine", absl::StatusCode::kAborted, ""), first);
  EXPECT_EQ(publisher.Flush(), first);
  EXPECT_EQ(publisher.Stream("fine", Items(Numbers(0, 1))).status(), first);
  EXPECT_EQ(publisher.Close().status(), first);
  EXPECT_EQ(publisher.Close(absl::ZeroDuration()).status(), first);
}

TEST(ErrorTest, ATopicThatHasEndedTakesNothingNew) {
  const Bridge bridge;
  {
    Publisher publisher(bridge.grpc());
    ASSERT_OK(publisher.End("ended"));
  }
  Publisher publisher(bridge.grpc());
  ASSERT_OK(publisher.Publish("ended", Text("late")));
  const auto totals = publisher.Close();
  EXPECT_CODE(totals, kFailedPrecondition);
  EXPECT_EQ(PublishErrorOf(totals.status())->unacknowledged, 1u);
}

TEST(ErrorTest, AnEventThatIsTooLargeNamesTheLimit) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  ASSERT_OK(publisher.Publish("large", Text(std::string(2 << 20, 'x'))));
  const auto totals = publisher.Close();
  EXPECT_CODE(totals, kResourceExhausted);
  EXPECT_THAT(std::string(totals.status().message()),
              HasSubstr("max_event_bytes"));
}

TEST(ErrorTest, ACancelledPublisherClosesWithWhatWasStored) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  ASSERT_OK(publisher.Publish("cancelled", Text("x")));
  ASSERT_OK(publisher.Flush());
  publisher.Cancel();
  EXPECT_CODE(publisher.Publish("cancelled", Text("y")), kCancelled);
  EXPECT_CODE(publisher.Flush(), kCancelled);
  EXPECT_EQ(publisher.Close()->accepted, 1u);
}

TEST(ErrorTest, WhatCannotBeSentIsRefusedAtOnceAndHurtsNothing) {
  const Bridge bridge;
  Publisher publisher(bridge.grpc());
  for (const absl::Status& status :
       {publisher.Publish("fine", Text("\xFF")),
        publisher.Publish("\xFF", Text("x")), publisher.End("\xFF"),
        publisher.Announce("\xFF"),
        publisher.Fail("\xFF", absl::StatusCode::kAborted, ""),
        publisher.Fail("fine", absl::StatusCode::kOk, "")}) {
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_FALSE(PublishErrorOf(status).has_value());
  }
  ASSERT_OK(publisher.Publish("fine", Text("x")));
  EXPECT_EQ(publisher.Close()->accepted, 1u);
}

TEST(ErrorTest, WhatADestructorLosesIsSaidOnStandardErrorUnlessItWasKnown) {
  const Bridge bridge;
  ::testing::internal::CaptureStderr();
  {
    Publisher publisher(bridge.grpc());
    EXPECT_OK(publisher.Publish("no spaces", Text("x")));
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("sluice: a publisher was destroyed: INVALID_ARGUMENT"));
  ::testing::internal::CaptureStderr();
  {
    Publisher publisher(bridge.grpc());
    EXPECT_OK(publisher.Publish("no spaces", Text("x")));
    EXPECT_CODE(publisher.Flush(), kInvalidArgument);
    Publisher cancelled("127.0.0.1:9");
    EXPECT_OK(cancelled.Publish("a", Text("x")));
    cancelled.Cancel();
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace sluice
