#include "bridge/event/event_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/utf8.h"
#include "bridge/event/cursor.h"

namespace sluice {
namespace {

bool IsIdByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("._~+/=-").find(c) != absl::string_view::npos;
}

// C0, DEL, and C1 (U+0080-U+009F, in UTF-8 C2 80 to C2 9F).
bool HasControl(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < text.size() &&
        static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

}  // namespace

absl::Status CheckEventId(absl::string_view id) {
  if (id.empty() || id.size() > kMaxIdBytes ||
      !std::all_of(id.begin(), id.end(), IsIdByte)) {
    return absl::InvalidArgumentError(
        "an event's id is 1-128 bytes of [A-Za-z0-9._~+/=-]");
  }
  if (HasCursorShape(id)) {
    return absl::InvalidArgumentError(
        "an event's id is not shaped like a cursor (13 characters of a-z2-7, "
        "'-', a number)");
  }
  return absl::OkStatus();
}

absl::Status CheckEventType(absl::string_view type) {
  if (type.size() > kMaxTypeBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an event's type is at most ", kMaxTypeBytes, " bytes long"));
  }
  if (!IsValidUtf8(type))
    return absl::InvalidArgumentError("an event's type is UTF-8");
  if (HasControl(type))
    return absl::InvalidArgumentError(
        "an event's type has no control characters");
  if (type == "open") {
    return absl::InvalidArgumentError(
        "an event's type is not `open`: it would call the page's onopen");
  }
  if (absl::StartsWith(type, "sluice.")) {
    return absl::InvalidArgumentError(
        "event types under `sluice.` are the server's own");
  }
  return absl::OkStatus();
}

absl::Status CheckText(absl::string_view text) {
  if (text == kDoneMarker) {
    return absl::InvalidArgumentError(
        "the text [DONE] means the end of a stream: set the request's `end` "
        "instead");
  }
  if (text.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "text has no U+0000, which some browsers drop: `json` can carry it");
  }
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("text is UTF-8");
  return absl::OkStatus();
}

absl::Status CheckRetry(absl::Duration retry) {
  if (retry < kMinRetry || retry > kMaxRetry)
    return absl::InvalidArgumentError("retry is 100 ms to 24 h");
  return absl::OkStatus();
}

absl::Status CheckFailureCode(int code) {
  if (code < 1 || code > 16) {
    return absl::InvalidArgumentError(
        "an error's code is a gRPC status code, 1-16; leave the error out for "
        "a completed end");
  }
  return absl::OkStatus();
}

std::string NormalizeLineBreaks(std::string text) {
  size_t from = text.find('\r');
  if (from == std::string::npos) return text;
  size_t to = from;
  for (; from < text.size(); ++from) {
    if (text[from] == '\r') {
      text[to++] = '\n';
      if (from + 1 < text.size() && text[from + 1] == '\n') ++from;
    } else {
      text[to++] = text[from];
    }
  }
  text.resize(to);
  return text;
}

}  // namespace sluice
