#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

// A place in a log: the number of an entry, or, as a reader's position, of the
// last entry that it has. Entries count from 1, so 0 is the place before the
// first.
using Offset = uint64_t;

// The longest a cursor can be: 13 + '-' + 20 digits.
inline constexpr size_t kMaxCursorBytes = 34;

// Names one life of a log: 13 characters of lower-case base32 (RFC 4648,
// a-z2-7).
class Epoch {
 public:
  static constexpr size_t kBytes = 13;

  // A new one that nobody can guess.
  static Epoch Random();

  // The epoch that is written so, or nothing if `text` has another shape.
  static absl::optional<Epoch> Parse(absl::string_view text);

  absl::string_view text() const { return {text_, kBytes}; }
  bool operator==(const Epoch& other) const { return text() == other.text(); }
  bool operator!=(const Epoch& other) const { return !(*this == other); }

 private:
  Epoch() = default;
  char text_[kBytes];
};

// `<epoch>-<offset>`: what SSE carries in `id:`, and what a browser returns in
// Last-Event-ID.
struct Cursor {
  Epoch epoch;
  Offset offset;

  // The cursor that is written so, or nothing if `text` has not a cursor's
  // shape: another alphabet or length, a sign, a leading zero, a number above
  // 2^64-1. A store's `.digits` behind the offset belong to the shape and are
  // passed over.
  static absl::optional<Cursor> Parse(absl::string_view text);

  std::string ToString() const;
};

// True if `text` is shaped like a cursor, whatever its epoch; producers' ids
// must not be. A superset of what Cursor::Parse takes: an offset that does not
// fit 64 bits is still of the shape.
bool HasCursorShape(absl::string_view text);

}  // namespace sluice
