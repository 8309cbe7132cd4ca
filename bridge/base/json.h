#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace sluice {

// `text` as a JSON string, quotes included (RFC 8259 7). In text that is not
// UTF-8, each byte beyond ASCII becomes U+FFFD.
std::string JsonString(absl::string_view text);

}  // namespace sluice
