#include "bridge/net/target.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bridge/base/utf8.h"

namespace sluice {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decoded; nothing for a bad escape or what is not UTF-8.
absl::optional<std::string> Decode(absl::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else {
      if (i + 2 >= text.size()) return absl::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return absl::nullopt;
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  if (!IsValidUtf8(decoded)) return absl::nullopt;
  return decoded;
}

absl::Status BadEscape() {
  return absl::InvalidArgumentError(
      "the target has a bad percent escape or is not UTF-8");
}

}  // namespace

absl::optional<absl::string_view> Target::Param(absl::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return absl::nullopt;
}

size_t Target::CountParam(absl::string_view name) const {
  return static_cast<size_t>(
      std::count_if(query.begin(), query.end(),
                    [name](const auto& param) { return param.first == name; }));
}

absl::StatusOr<Target> ParseTarget(absl::string_view text) {
  Target target;
  if (text == "*") return target;
  for (char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '#') {
      return absl::InvalidArgumentError(
          "the target has bytes that a target cannot have");
    }
  }
  if (absl::StartsWithIgnoreCase(text, "http://") ||
      absl::StartsWithIgnoreCase(text, "https://")) {
    text.remove_prefix(text.find("//") + 2);
    const size_t path = text.find_first_of("/?");
    text = path == absl::string_view::npos ? "/" : text.substr(path);
    if (text[0] == '?')
      return absl::InvalidArgumentError("the target has no path");
  }
  if (text.empty() || text[0] != '/')
    return absl::InvalidArgumentError("the target does not begin with a slash");

  const size_t question = text.find('?');
  size_t path_bytes = 0;
  for (absl::string_view segment :
       absl::StrSplit(text.substr(1, question - 1), '/')) {
    absl::optional<std::string> decoded = Decode(segment, false);
    if (!decoded) return BadEscape();
    if (decoded->find('\0') != std::string::npos ||
        decoded->find('/') != std::string::npos) {
      return absl::InvalidArgumentError(
          "the path has an escaped slash or U+0000");
    }
    path_bytes += 1 + decoded->size();
    target.segments.push_back(*std::move(decoded));
  }
  if (path_bytes > kMaxPathBytes) {
    return absl::OutOfRangeError(
        absl::StrCat("the path is longer than ", kMaxPathBytes, " bytes"));
  }
  if (question == absl::string_view::npos) return target;
  for (absl::string_view param :
       absl::StrSplit(text.substr(question + 1), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(param, absl::MaxSplits('=', 1));
    absl::optional<std::string> name = Decode(parts.first, true);
    absl::optional<std::string> value = Decode(parts.second, true);
    if (!name || !value) return BadEscape();
    target.query.emplace_back(*std::move(name), *std::move(value));
  }
  return target;
}

}  // namespace sluice
