#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

// One value of JSON.
struct Json {
  enum class Kind { kNull, kBool, kNumber, kString, kList, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  // The member of that name, or null.
  const Json* Member(absl::string_view name) const;
};

// `text` if it is JSON (RFC 8259), nothing around it and in UTF-8. Strict, and
// apart from all that writes JSON in the bridge.
absl::optional<Json> ReadJson(absl::string_view text);

}  // namespace sluice
