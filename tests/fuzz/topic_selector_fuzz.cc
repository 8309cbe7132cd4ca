// Names of topics and patterns against their documented grammar, written here
// as regular expressions. An input is a pattern, another one, and a topic, each
// on a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "bridge/event/selector.h"
#include "tests/fuzz/require.h"

namespace sluice {
namespace {

// std::regex recurses once a character.
constexpr size_t kMaxBytes = 1000;

bool IsOurs(const std::string& name) {
  return (name + ".").rfind("sluice.", 0) == 0;
}

void RequireReason(const absl::Status& status) {
  Require(status.ok() ||
              (absl::IsInvalidArgument(status) && !status.message().empty()),
          "a refusal says why");
}

bool CheckName(const std::string& name) {
  static const std::regex kName("[A-Za-z0-9_~:@-]+(\\.[A-Za-z0-9_~:@-]+)*");
  const bool allowed = name.size() <= 255 && std::regex_match(name, kName);
  const absl::Status readable = CheckTopic(name);
  const absl::Status writable = CheckWritableTopic(name);
  Require(readable.ok() == allowed, "a name is tokens joined by dots");
  Require(writable.ok() == (allowed && !IsOurs(name)),
          "a name under `sluice.` can only be read");
  RequireReason(readable);
  RequireReason(writable);
  return allowed;
}

bool CheckOnePattern(const std::string& pattern) {
  static const std::regex kPattern(
      "([A-Za-z0-9_~:@-]+|\\*)(\\.([A-Za-z0-9_~:@-]+|\\*))*(\\.>)?|>");
  const bool allowed =
      pattern.size() <= 255 && std::regex_match(pattern, kPattern);
  const absl::Status status = CheckPattern(pattern);
  Require(status.ok() == allowed, "a pattern is tokens and wildcards");
  RequireReason(status);
  return allowed;
}

// What `pattern` says, without the topics that are ours.
bool Selects(const std::string& pattern, const std::string& topic) {
  std::string regex;
  for (char c : pattern) {
    if (c == '*') {
      regex += "[^.]+";
    } else if (c == '>') {
      regex += ".+";
    } else {
      regex += c == '.' ? "\\." : std::string(1, c);
    }
  }
  return std::regex_match(topic, std::regex(regex));
}

bool MatchesOrIsSame(const std::string& pattern, const std::string& topic) {
  return IsOurs(topic) ? pattern == topic : Selects(pattern, topic);
}

// Topics that `pattern` selects, such that what matches all of them matches
// whatever `pattern` does: tokens that no other pattern names, and as many for
// a `>` as could make a difference.
std::vector<std::string> Samples(const std::string& pattern, size_t most) {
  std::vector<std::string> tokens = absl::StrSplit(pattern, '.');
  const bool open = tokens.back() == ">";
  std::replace_if(
      tokens.begin(), tokens.end(),
      [](const std::string& token) { return token == "*" || token == ">"; },
      std::string("in-no-pattern"));
  std::vector<std::string> samples = {absl::StrJoin(tokens, ".")};
  while (open && samples.size() < most) {
    tokens.push_back("in-no-pattern");
    samples.push_back(absl::StrJoin(tokens, "."));
  }
  return samples;
}

void CheckCovers(const std::string& pattern, const std::string& other) {
  if (IsOurs(other)) {
    Require(Covers(pattern, other) == (pattern == other),
            "nothing but itself covers a pattern of ours");
    return;
  }
  const auto tokens =
      static_cast<size_t>(2 + std::count(pattern.begin(), pattern.end(), '.'));
  const std::vector<std::string> samples = Samples(other, tokens);
  const bool all = std::all_of(
      samples.begin(), samples.end(),
      [&](const std::string& topic) { return Selects(pattern, topic); });
  Require(Covers(pattern, other) == all,
          "a pattern covers another if it selects all that the other does");
}

void Check(const std::string& input) {
  const std::vector<std::string> lines =
      absl::StrSplit(input, absl::MaxSplits('\n', 2));
  const std::string& pattern = lines[0];
  const bool allowed = CheckOnePattern(pattern);
  CheckName(pattern);
  if (!allowed || lines.size() < 3) return;
  if (CheckOnePattern(lines[1])) CheckCovers(pattern, lines[1]);
  if (CheckName(lines[2])) {
    Require(Matches(pattern, lines[2]) == MatchesOrIsSame(pattern, lines[2]),
            "a pattern selects the topics that it describes");
  }
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sluice::kMaxBytes) return -1;
  sluice::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
