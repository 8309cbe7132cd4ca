#include "bridge/grpc/grpc_log.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>

#include <algorithm>

#include "bridge/grpc/log_limit.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(GrpcLog, AFloodOfLinesIsAFewRecords) {
  gpr_log_verbosity_init();  // as a server does
  TakeOverGrpcLog();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 1000; ++i) {
    gpr_log(GPR_ERROR, "Error parsing metadata: key=te value=%s", "secret\n");
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 5) << log;
  EXPECT_THAT(log, HasSubstr("WARNING Error parsing metadata: key=te "
                             "grpc=grpc_log_test.cc held_back=0\n"));
  EXPECT_THAT(log, Not(HasSubstr("secret")));
}

TEST(GrpcLog, WhatClientsSentIsLeftOut) {
  EXPECT_EQ(WithoutClientsValues("error=invalid value key=te value=secret"),
            "error=invalid value key=te");
  EXPECT_EQ(WithoutClientsValues("decoding failed, input string:\nsecret"),
            "decoding failed, ");
  EXPECT_EQ(WithoutClientsValues(std::string(1000, 'x')),
            std::string(300, 'x'));
}

TEST(LogLimit, LetsAFewThroughInAPeriodAndCountsTheOthers) {
  LogLimit limit(2, std::chrono::seconds(10));
  LogLimit::Clock::time_point now{std::chrono::hours(1)};
  EXPECT_EQ(limit.Take(now), 0u);
  EXPECT_EQ(limit.Take(now), 0u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(limit.Take(now), absl::nullopt);
  now += std::chrono::seconds(10);
  EXPECT_EQ(limit.Take(now), 7u);
  EXPECT_EQ(limit.Take(now), 0u);
  EXPECT_EQ(limit.Take(now), absl::nullopt);
}

}  // namespace
}  // namespace sluice
