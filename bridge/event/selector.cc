#include "bridge/event/selector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice {
namespace {

bool IsTokenByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '~' || c == ':' || c == '@' || c == '-';
}

bool IsOwnName(absl::string_view name) {
  return name == "sluice" || absl::StartsWith(name, "sluice.");
}

absl::Status CheckLength(absl::string_view what, absl::string_view text) {
  if (text.empty())
    return absl::InvalidArgumentError(absl::StrCat(what, " is empty"));
  if (text.size() > kMaxTopicBytes) {
    return absl::InvalidArgumentError(absl::StrCat(what, " is ", text.size(),
                                                   " bytes long; the limit is ",
                                                   kMaxTopicBytes));
  }
  return absl::OkStatus();
}

// Takes the first token, and the dot behind it, off `text`.
absl::string_view TakeToken(absl::string_view& text) {
  const absl::string_view token = text.substr(0, text.find('.'));
  text.remove_prefix(std::min(token.size() + 1, text.size()));
  return token;
}

// Whether `pattern` matches `name` token by token; `name` may be a pattern
// itself, whose `>` no single token stands for.
bool MatchesTokens(absl::string_view pattern, absl::string_view name) {
  while (!pattern.empty() && !name.empty()) {
    if (pattern == ">") return true;
    const absl::string_view wanted = TakeToken(pattern);
    const absl::string_view token = TakeToken(name);
    if (wanted == "*" ? token == ">" : wanted != token) return false;
  }
  return pattern.empty() && name.empty();
}

absl::Status CheckPatternToken(absl::string_view token, bool last) {
  if (token == "*" || (token == ">" && last)) return absl::OkStatus();
  if (token == ">") {
    return absl::InvalidArgumentError(
        "a pattern's `>` stands for the rest of a name, so it is the last "
        "token");
  }
  if (token.find_first_of("*>") != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "a pattern's `*` and `>` stand for whole tokens, between dots");
  }
  if (token.empty() || !std::all_of(token.begin(), token.end(), IsTokenByte)) {
    return absl::InvalidArgumentError(
        "a pattern is tokens of [A-Za-z0-9_~:@-], `*` for any one, or a final "
        "`>` for one or more, joined by single dots");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTopic(absl::string_view topic) {
  if (absl::Status status = CheckLength("a topic's name", topic); !status.ok())
    return status;
  char before = '.';
  for (char c : topic) {
    if (c == '.' ? before == '.' : !IsTokenByte(c)) {
      return absl::InvalidArgumentError(
          "a topic's name is tokens of [A-Za-z0-9_~:@-] joined by single dots");
    }
    before = c;
  }
  if (before == '.')
    return absl::InvalidArgumentError("a topic's name does not end with a dot");
  return absl::OkStatus();
}

absl::Status CheckWritableTopic(absl::string_view topic) {
  if (absl::Status status = CheckTopic(topic); !status.ok()) return status;
  if (IsOwnName(topic)) {
    return absl::InvalidArgumentError(
        "topics under `sluice.` are the server's own: they can only be read");
  }
  return absl::OkStatus();
}

absl::Status CheckPattern(absl::string_view pattern) {
  if (absl::Status status = CheckLength("a pattern", pattern); !status.ok())
    return status;
  for (bool last = false; !last;) {
    last = pattern.find('.') == absl::string_view::npos;
    const absl::string_view token = TakeToken(pattern);
    if (absl::Status status = CheckPatternToken(token, last); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

bool Matches(absl::string_view pattern, absl::string_view topic) {
  return IsOwnName(topic) ? pattern == topic : MatchesTokens(pattern, topic);
}

bool Covers(absl::string_view pattern, absl::string_view other) {
  return IsOwnName(other) ? pattern == other : MatchesTokens(pattern, other);
}

Selector::Selector(std::string topic) : names_{topic}, key_(std::move(topic)) {}

absl::StatusOr<Selector> Selector::Parse(std::vector<std::string> entries) {
  if (entries.empty())
    return absl::InvalidArgumentError("a selector names a topic or a pattern");
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  Selector selector;
  selector.key_ = absl::StrJoin(entries, ",");
  for (std::string& entry : entries) {
    if (absl::Status status = CheckPattern(entry); !status.ok()) return status;
    const bool is_name = CheckTopic(entry).ok();
    (is_name ? selector.names_ : selector.patterns_)
        .push_back(std::move(entry));
  }
  return selector;
}

bool Selector::Selects(absl::string_view topic) const {
  return std::binary_search(names_.begin(), names_.end(), topic) ||
         std::any_of(patterns_.begin(), patterns_.end(),
                     [topic](const std::string& pattern) {
                       return Matches(pattern, topic);
                     });
}

}  // namespace sluice
