#include "bridge/http/query.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sluice {

absl::Status CheckOnce(const Target& target,
                       std::initializer_list<absl::string_view> names) {
  for (const absl::string_view name : names) {
    if (target.CountParam(name) > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is given more than once"));
    }
  }
  return absl::OkStatus();
}

absl::Status TakeNumber(const Target& target, absl::string_view name,
                        absl::optional<uint64_t>& to) {
  const absl::optional<absl::string_view> text = target.Param(name);
  if (!text) return absl::OkStatus();
  const bool digits =
      !text->empty() && std::all_of(text->begin(), text->end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  if (!digits) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is not a whole number"));
  }
  uint64_t number;
  to = absl::SimpleAtoi(*text, &number) ? number : UINT64_MAX;
  return absl::OkStatus();
}

std::string IdParam(const Target& target, absl::string_view name) {
  // Ids have `+` and no spaces, and many a page puts them into its URL
  // unescaped.
  return absl::StrReplaceAll(target.Param(name).value_or(""), {{" ", "+"}});
}

}  // namespace sluice
