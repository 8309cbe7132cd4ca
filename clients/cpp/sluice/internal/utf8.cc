#include "sluice/internal/utf8.h"

#include <algorithm>

namespace sluice::internal {
namespace {

// How many bytes the first character takes; 0: it is none (Unicode 15, table
// 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t FirstCharacter(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

bool IsValid(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = FirstCharacter(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool IsValid(const google::protobuf::Value& value) {
  if (value.has_string_value()) return IsValid(value.string_value());
  if (value.has_list_value()) {
    const auto& items = value.list_value().values();
    return std::all_of(items.begin(), items.end(),
                       [](const auto& item) { return IsValid(item); });
  }
  if (!value.has_struct_value()) return true;
  const auto& fields = value.struct_value().fields();
  return std::all_of(fields.begin(), fields.end(), [](const auto& field) {
    return IsValid(field.first) && IsValid(field.second);
  });
}

absl::Status Bad(const std::string& what) {
  return absl::InvalidArgumentError(what + " is not UTF-8");
}

}  // namespace

std::string ToValidUtf8(std::string_view text) {
  std::string valid;
  bool replaced = false;
  while (!text.empty()) {
    const std::size_t length = FirstCharacter(text);
    if (length > 0) {
      valid += text.substr(0, length);
    } else if (!replaced) {
      valid += "\xEF\xBF\xBD";
    }
    replaced = length == 0;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

absl::Status CheckTopic(const std::string& topic) {
  return IsValid(topic) ? absl::OkStatus() : Bad("the topic");
}

absl::Status CheckEvent(const Event& event) {
  if (!IsValid(event.id())) return Bad("the event's id");
  if (!IsValid(event.type())) return Bad("the event's type");
  if (!IsValid(event.text())) return Bad("the event's text");
  if (event.has_json() && !IsValid(event.json()))
    return Bad("the event's JSON");
  if (!IsValid(event.message().type_url())) {
    return Bad("the event's type URL");
  }
  return absl::OkStatus();
}

}  // namespace sluice::internal
