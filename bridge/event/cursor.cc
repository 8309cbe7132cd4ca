#include "bridge/event/cursor.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

constexpr char kBase32[] = "abcdefghijklmnopqrstuvwxyz234567";

bool IsBase32(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// The decimal behind `<epoch>-`, without a store's `.digits`; empty if `text`
// has not a cursor's shape.
absl::string_view OffsetDigits(absl::string_view text) {
  if (text.size() < Epoch::kBytes + 2 || text[Epoch::kBytes] != '-') return {};
  if (!std::all_of(text.begin(), text.begin() + Epoch::kBytes, IsBase32))
    return {};
  absl::string_view digits = text.substr(Epoch::kBytes + 1);
  const size_t dot = digits.find('.');
  if (dot != absl::string_view::npos) {
    if (!AllDigits(digits.substr(dot + 1))) return {};
    digits = digits.substr(0, dot);
  }
  if (!AllDigits(digits)) return {};
  if (digits.size() > 1 && digits[0] == '0') return {};
  return digits;
}

}  // namespace

Epoch Epoch::Random() {
  std::random_device device;
  Epoch epoch;
  for (char& c : epoch.text_) c = kBase32[device() % 32];
  return epoch;
}

absl::optional<Epoch> Epoch::Parse(absl::string_view text) {
  if (text.size() != kBytes ||
      !std::all_of(text.begin(), text.end(), IsBase32)) {
    return absl::nullopt;
  }
  Epoch epoch;
  std::memcpy(epoch.text_, text.data(), kBytes);
  return epoch;
}

absl::optional<Cursor> Cursor::Parse(absl::string_view text) {
  const absl::string_view digits = OffsetDigits(text);
  Offset offset;
  if (digits.empty() || !absl::SimpleAtoi(digits, &offset))
    return absl::nullopt;
  return Cursor{*Epoch::Parse(text.substr(0, Epoch::kBytes)), offset};
}

std::string Cursor::ToString() const {
  return absl::StrCat(epoch.text(), "-", offset);
}

bool HasCursorShape(absl::string_view text) {
  return !OffsetDigits(text).empty();
}

}  // namespace sluice
