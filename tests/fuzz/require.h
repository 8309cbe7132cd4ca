#pragma once

#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

namespace sluice {

// Ends the process if a property does not hold; libFuzzer then keeps the input.
// `property` is a sentence.
inline void Require(bool holds, absl::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n",
               static_cast<int>(property.size()), property.data());
  std::abort();
}

}  // namespace sluice
