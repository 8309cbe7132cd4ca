// What tests say of statuses.
#pragma once

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice::testing {

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace sluice::testing

#define EXPECT_OK(expression) \
  EXPECT_EQ(::sluice::testing::StatusOf(expression), absl::OkStatus())
#define ASSERT_OK(expression) \
  ASSERT_EQ(::sluice::testing::StatusOf(expression), absl::OkStatus())
#define EXPECT_CODE(expression, want)                       \
  EXPECT_EQ(::sluice::testing::StatusOf(expression).code(), \
            absl::StatusCode::want)
