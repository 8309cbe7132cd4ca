#include "bridge/base/error_table.h"

#include "gtest/gtest.h"

namespace sluice {
namespace {

struct Expected {
  int code;
  const char* name;
  int http_status;
};

// google/rpc/code.proto's numbers, names and HTTP mapping, with 409 for
// FAILED_PRECONDITION.
constexpr Expected kExpected[] = {
    {0, "OK", 200},
    {1, "CANCELLED", 499},
    {2, "UNKNOWN", 500},
    {3, "INVALID_ARGUMENT", 400},
    {4, "DEADLINE_EXCEEDED", 504},
    {5, "NOT_FOUND", 404},
    {6, "ALREADY_EXISTS", 409},
    {7, "PERMISSION_DENIED", 403},
    {8, "RESOURCE_EXHAUSTED", 429},
    {9, "FAILED_PRECONDITION", 409},
    {10, "ABORTED", 409},
    {11, "OUT_OF_RANGE", 400},
    {12, "UNIMPLEMENTED", 501},
    {13, "INTERNAL", 500},
    {14, "UNAVAILABLE", 503},
    {15, "DATA_LOSS", 500},
    {16, "UNAUTHENTICATED", 401},
};

TEST(ErrorTable, EveryCodeHasItsNameAndHttpStatus) {
  for (const Expected& expected : kExpected) {
    const ErrorRow& row = ErrorRowOf(expected.code);
    EXPECT_EQ(static_cast<int>(row.code), expected.code);
    EXPECT_EQ(row.name, expected.name);
    EXPECT_EQ(row.http_status, expected.http_status) << expected.name;
  }
}

TEST(ErrorTable, AStatusCodeFindsTheRowOfItsNumber) {
  for (const Expected& expected : kExpected) {
    const auto code = static_cast<absl::StatusCode>(expected.code);
    EXPECT_EQ(&ErrorRowOf(code), &ErrorRowOf(expected.code));
  }
}

TEST(ErrorTable, ANameFindsItsRow) {
  for (const Expected& expected : kExpected) {
    EXPECT_EQ(FindErrorRow(expected.name), &ErrorRowOf(expected.code));
  }
}

TEST(ErrorTable, ANameThatIsNoneFindsNothing) {
  for (const char* name : {"", "ok", "NOT FOUND", "NOT_FOUND ", "CANCELED"}) {
    EXPECT_EQ(FindErrorRow(name), nullptr) << name;
  }
}

TEST(ErrorTable, ANumberThatIsNoCodeIsUnknown) {
  for (const int code : {-1, 17, 1000}) {
    EXPECT_EQ(ErrorRowOf(code).name, "UNKNOWN") << code;
  }
}

}  // namespace
}  // namespace sluice
