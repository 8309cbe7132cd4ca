#include <gtest/gtest.h>

#include "bridge/grpc/server.h"
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
  Rage(
      storm, [&server](Storm& s) { return NewGrpcLink(s, server.port()); },
      SLUICE_STORM_SECONDS);
}

}  // namespace
}  // namespace sluice
