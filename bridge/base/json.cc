#include "bridge/base/json.h"

#include "absl/strings/str_format.h"
#include "bridge/base/utf8.h"

namespace sluice {

std::string JsonString(absl::string_view text) {
  const bool valid = IsValidUtf8(text);
  std::string json = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (c == '\n') {
      json += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppendFormat(&json, "\\u%04x", byte);
    } else if (byte >= 0x80 && !valid) {
      json += "\\ufffd";
    } else {
      json += c;
    }
  }
  json += '"';
  return json;
}

}  // namespace sluice
