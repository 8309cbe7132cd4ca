#include <gtest/gtest.h>

#include "bridge/grpc/server.h"
#include "tests/stress/feedback_storm.h"
#include "tests/stress/grpc_link.h"
#include "tests/stress/rage.h"

namespace sluice {
namespace {

TEST(GrpcStormTest, NothingIsLostDoubledOrReorderedOnItsWayFromGrpcProducers) {
  Storm storm(StormDefaults());
  GrpcServerOptions options;
  options.listen = "127.0.0.1:0";
  options.topic_rules = TopicRules(StormDefaults());
  options.publish.grace = absl::Milliseconds(30);
  GrpcServer server(storm.side.hub(), options);
  ASSERT_TRUE(server.Start().ok());
  // Begins with the first link, once the open descriptors are counted.
  std::unique_ptr<FeedbackStorm> feedback;
  const uint64_t seed = SeedOfThisRun();
  Rage(
      storm,
      [&](Storm& s) {
        if (feedback == nullptr) {
          feedback = std::make_unique<FeedbackStorm>(s, server.port(), seed);
        }
        return NewGrpcLink(s, server.port());
      },
      SLUICE_STORM_SECONDS);
  feedback.reset();
  EXPECT_TRUE(storm.findings.none()) << storm.findings.ToString();
}

}  // namespace
}  // namespace sluice
