#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice {

// Whether a step is over before the next begins: one bit a step. All of them,
// none, and every other one.
inline constexpr unsigned kPauses[] = {~0u, 0u, 0x55555555u, 0xAAAAAAAAu};

// Calls `run` with each order of 0 to `steps` - 1, and each way of pausing.
inline void InEveryOrder(int steps,
                         const std::function<void(const std::vector<int>& order,
                                                  unsigned pauses)>& run) {
  std::vector<int> order;
  for (int step = 0; step < steps; ++step) order.push_back(step);
  do {
    for (const unsigned pauses : kPauses) {
      SCOPED_TRACE(absl::StrCat("order ", absl::StrJoin(order, " "),
                                ", pauses ", pauses));
      run(order, pauses);
      if (testing::Test::HasFailure()) return;
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace sluice
