#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "bridge/config/option.h"

namespace sluice {

// What there is to do with a table of options, whichever it is. `where` begins
// the sentence of a refusal: "--", or "bridge.yaml:3: ".

// InvalidArgument: WHERE, name=value, and `what` it must be.
absl::Status RefuseValue(absl::string_view where, absl::string_view name,
                         absl::string_view value, absl::string_view what);

// InvalidArgument for a name that is none of `names`, with the nearest of them,
// if it is near enough to be what was meant.
absl::Status RefuseName(absl::string_view where, absl::string_view name,
                        const std::vector<absl::string_view>& names);

// The option of that exact name, or null.
template <typename Settings>
const BasicOption<Settings>* FindOption(
    const std::vector<BasicOption<Settings>>& table, absl::string_view name) {
  for (const BasicOption<Settings>& option : table) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

// RefuseName, for the names of a table.
template <typename Settings>
absl::Status UnknownOption(const std::vector<BasicOption<Settings>>& table,
                           absl::string_view where, absl::string_view name) {
  std::vector<absl::string_view> names;
  names.reserve(table.size());
  for (const BasicOption<Settings>& option : table)
    names.push_back(option.name);
  return RefuseName(where, name, names);
}

// OK, or InvalidArgument: WHERE, name=value, what it must be.
template <typename Settings>
absl::Status SetOption(const BasicOption<Settings>& option,
                       absl::string_view where, absl::string_view text,
                       Settings& settings) {
  const absl::Status status = option.set(text, settings);
  return status.ok() ? status
                     : RefuseValue(where, option.name, text, status.message());
}

}  // namespace sluice
