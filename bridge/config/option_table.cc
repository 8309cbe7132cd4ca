#include "bridge/config/option_table.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sluice {
namespace {

// Levenshtein's distance.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// Empty if no name is within two edits. Dashes are taken for underscores.
absl::string_view NearestName(absl::string_view name,
                              const std::vector<absl::string_view>& names) {
  constexpr size_t kMaxEdits = 2;
  constexpr size_t kLongestName = 32;
  if (name.size() > kLongestName) return "";
  const std::string wanted = absl::StrReplaceAll(name, {{"-", "_"}});
  size_t best = kMaxEdits + 1;
  absl::string_view nearest;
  for (absl::string_view candidate : names) {
    const size_t distance = EditDistance(wanted, candidate);
    if (distance < best && distance < wanted.size()) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace

absl::Status RefuseValue(absl::string_view where, absl::string_view name,
                         absl::string_view value, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      where, name, "=", absl::Utf8SafeCHexEscape(value), ": ", what));
}

absl::Status RefuseName(absl::string_view where, absl::string_view name,
                        const std::vector<absl::string_view>& names) {
  const absl::string_view nearest = NearestName(name, names);
  std::string message = absl::StrCat(where, absl::Utf8SafeCHexEscape(name),
                                     ": there is no such setting");
  if (!nearest.empty())
    absl::StrAppend(&message, ", did you mean ", nearest, "?");
  return absl::InvalidArgumentError(message);
}

}  // namespace sluice
