#pragma once

#include "absl/strings/string_view.h"

namespace sluice {

// True if `text` is well-formed UTF-8 (Unicode 15, table 3-7): no overlong
// forms, no surrogates, nothing above U+10FFFF.
bool IsValidUtf8(absl::string_view text);

}  // namespace sluice
