#include "clients/cli/status_text.h"

#include <gtest/gtest.h>

#include "tests/unit/cli/fake_bridge.h"

namespace sluice {
namespace {

TEST(StatusTextTest, AFailureCodeIsANameInAnyCaseOrANumber) {
  EXPECT_EQ(ParseFailureCode("ABORTED"), 10);
  EXPECT_EQ(ParseFailureCode("not_found"), 5);
  EXPECT_EQ(ParseFailureCode("16"), 16);
  for (const char* bad : {"", "OK", "0", "17", "-1", "NOPE", "1x"}) {
    EXPECT_FALSE(ParseFailureCode(bad).has_value()) << bad;
  }
}

TEST(StatusTextTest, AStatusIsItsNameAndItsMessage) {
  EXPECT_EQ(Describe({grpc::StatusCode::NOT_FOUND, "no such topic"}, "x:1"),
            "NOT_FOUND: no such topic");
}

TEST(StatusTextTest, ABadRequestsFieldIsNamed) {
  const grpc::Status status(
      grpc::StatusCode::INVALID_ARGUMENT, "a NUL",
      BadRequestDetails("requests[2].events[5].text", "a NUL"));
  const auto violations = FieldViolations(status);
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "requests[2].events[5].text");
  EXPECT_EQ(Describe(status, "x:1"),
            "INVALID_ARGUMENT: a NUL (requests[2].events[5].text)");
}

TEST(StatusTextTest, DetailsThatAreNoneAreIgnored) {
  const grpc::Status status(grpc::StatusCode::INVALID_ARGUMENT, "bad",
                            "\xFF\xFF rubbish");
  EXPECT_EQ(Describe(status, "x:1"), "INVALID_ARGUMENT: bad");
}

}  // namespace
}  // namespace sluice
