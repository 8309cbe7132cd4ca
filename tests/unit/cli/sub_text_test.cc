#include "clients/cli/sub_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

SseEvent Gap(const std::string& data) {
  return {"sluice.gap", data, "e-7", "e-7"};
}

TEST(SubTextTest, TheHeartbeatIsAskedForInWholeSeconds) {
  SubOptions options;
  options.topics = {"a"};
  options.heartbeat = absl::Milliseconds(1200);
  EXPECT_EQ(EventsUrl("http://h:1/", options),
            "http://h:1/v1/topics/a/events?heartbeat=2");
}

TEST(SubTextTest, AGapIsItsReasonAndThePlaceWhereItWentOn) {
  EXPECT_EQ(GapSentence(Gap("{\"requested\":\"e-2\",\"resumed\":\"e-7\","
                            "\"reason\":\"trimmed\",\"topics\":[\"a\"]}")),
            "events are missing: trimmed, went on at e-7");
  EXPECT_EQ(GapSentence(Gap("?")), "events are missing: ?");
}

TEST(SubTextTest, ARefusalIsTheBridgesOrThatOfSomethingElse) {
  EXPECT_EQ(RefusalSentence("http://h", 404, "application/json",
                            "{\"error\":{\"code\":\"NOT_FOUND\","
                            "\"message\":\"no topic\"}}"),
            "NOT_FOUND: no topic");
  EXPECT_EQ(RefusalSentence("http://h", 502, "", "{\"error\":1}"),
            "http://h answered 502 with nothing, not as expected; is "
            "it a Sluice bridge?");
}

}  // namespace
}  // namespace sluice
