#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice {

// How deep lists and objects may lie in each other, as in protobuf's parsers.
inline constexpr size_t kMaxJsonDepth = 100;

// `text` on one line: without the space between its tokens, and nothing else
// changed, so that numbers and escapes keep their spelling. InvalidArgument for
// what RFC 8259 does not call JSON, a byte order mark included, and for lists
// and objects that lie deeper in each other than kMaxJsonDepth. Does not
// recurse.
absl::StatusOr<std::string> CompactJson(absl::string_view text);

}  // namespace sluice
