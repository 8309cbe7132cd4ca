#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

// The decoded path may be this long; a longer one is 414.
inline constexpr size_t kMaxPathBytes = 1024;

// A request target (RFC 9112 3.2), parsed once, so that everything behind it
// sees the same path and parameters.
struct Target {
  // The decoded segments between slashes: "/v1/a%20b" is {"v1", "a b"}, "/" is
  // {""}. A `*` target has none.
  std::vector<std::string> segments;

  // Decoded names and values in the order of the query; `+` is a space, as
  // forms and URLSearchParams write it.
  std::vector<std::pair<std::string, std::string>> query;

  // The first value of the parameter `name`, or nothing.
  absl::optional<absl::string_view> Param(absl::string_view name) const;

  // How often `name` occurs.
  size_t CountParam(absl::string_view name) const;
};

// The target that is written so, in origin form, absolute form (its authority
// is dropped) or `*`. InvalidArgument: an escape that is none, an escaped
// U+0000 or slash in the path, bytes that a target cannot have, or what is not
// UTF-8 once decoded. OutOfRange: the path is too long.
absl::StatusOr<Target> ParseTarget(absl::string_view text);

}  // namespace sluice
