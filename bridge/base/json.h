#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace sluice {

// `text` as a JSON string, quotes included (RFC 8259 7). What is not UTF-8 in
// it becomes U+FFFD.
std::string JsonString(absl::string_view text);

}  // namespace sluice
