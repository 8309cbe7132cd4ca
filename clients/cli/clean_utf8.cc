#include "clients/cli/clean_utf8.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bridge/base/utf8.h"

namespace sluice {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
  std::size_t length;
  bool valid;
};

// The sequence at the start of `text`, which is not empty: the whole of a valid
// one, the maximal subpart of another.
Sequence First(absl::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // Table 3-7: only the second byte's range depends on the lead; it keeps out
  // overlong forms, surrogates and what is above U+10FFFF.
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size()) return {i, false};
    if (byte(i) < (i == 1 ? low : 0x80) || byte(i) > (i == 1 ? high : 0xBF))
      return {i, false};
  }
  return {length, true};
}

}  // namespace

bool CleanUtf8(std::string& text) {
  if (IsValidUtf8(text)) return false;
  std::string clean;
  absl::string_view rest = text;
  while (!rest.empty()) {
    const Sequence sequence = First(rest);
    absl::StrAppend(&clean, sequence.valid ? rest.substr(0, sequence.length)
                                           : kReplacement);
    rest.remove_prefix(sequence.length);
  }
  text = std::move(clean);
  return true;
}

}  // namespace sluice
