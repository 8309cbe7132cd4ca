// Cursors against the shape that they are documented to have, written here as a
// regular expression.
#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>

#include "absl/strings/str_cat.h"
#include "bridge/event/cursor.h"
#include "bridge/event/event_rules.h"
#include "tests/fuzz/require.h"

namespace sluice {
namespace {

// std::regex recurses once a character, and nothing that long is a cursor that
// anyone has.
constexpr size_t kMaxBytes = 512;

bool FitsIn64Bits(const std::string& digits) {
  const std::string largest = "18446744073709551615";
  return digits.size() < largest.size() ||
         (digits.size() == largest.size() && digits <= largest);
}

void Check(const std::string& text) {
  static const std::regex kShape("([a-z2-7]{13})-(0|[1-9][0-9]*)(\\.[0-9]+)?",
                                 std::regex::ECMAScript | std::regex::optimize);
  std::smatch parts;
  const bool shaped = std::regex_match(text, parts, kShape);
  Require(HasCursorShape(text) == shaped, "the shape is the documented one");

  const absl::optional<Cursor> cursor = Cursor::Parse(text);
  Require(cursor.has_value() == (shaped && FitsIn64Bits(parts[2])),
          "what has the shape and fits 64 bits parses, and nothing else");
  if (shaped) {
    Require(!CheckEventId(text).ok(), "no event's id has a cursor's shape");
  }
  if (!cursor) return;

  const std::string written = cursor->ToString();
  Require(written == absl::StrCat(parts[1].str(), "-", parts[2].str()),
          "a cursor is written as it was read, without a store's digits");
  Require(written.size() <= kMaxCursorBytes,
          "a cursor is not longer than that");
  const absl::optional<Cursor> again = Cursor::Parse(written);
  Require(
      again && again->epoch == cursor->epoch && again->offset == cursor->offset,
      "what was written reads as the same place");
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > sluice::kMaxBytes) return -1;
  sluice::Check(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
