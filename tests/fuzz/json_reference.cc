#include "tests/fuzz/json_reference.h"

#include <cstdlib>
#include <regex>

#include "tests/fuzz/utf8_reference.h"

namespace sluice {
namespace {

void AppendUtf8(uint32_t code, std::string& text) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int rest = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kLead[rest] | code >> (6 * rest));
  for (int i = rest - 1; i >= 0; --i)
    text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
}

class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text) {}

  bool Whole(Json& json) {
    if (!Value(json)) return false;
    Space();
    return text_.empty();
  }

 private:
  bool Take(absl::string_view token) {
    if (text_.substr(0, token.size()) != token) return false;
    text_.remove_prefix(token.size());
    return true;
  }

  void Space() {
    while (Take(" ") || Take("\t") || Take("\n") || Take("\r")) {
    }
  }

  bool Value(Json& json) {
    Space();
    if (Take("null")) return true;
    if (Take("true") || Take("false")) {
      json.kind = Json::Kind::kBool;
      json.boolean = text_.data()[-2] == 'u';
      return true;
    }
    if (Take("\"")) {
      json.kind = Json::Kind::kString;
      return String(json.text);
    }
    if (Take("[")) return List(json);
    if (Take("{")) return Object(json);
    return Number(json);
  }

  bool List(Json& json) {
    json.kind = Json::Kind::kList;
    Space();
    if (Take("]")) return true;
    do {
      json.items.emplace_back();
      if (!Value(json.items.back())) return false;
      Space();
    } while (Take(","));
    return Take("]");
  }

  bool Object(Json& json) {
    json.kind = Json::Kind::kObject;
    Space();
    if (Take("}")) return true;
    do {
      json.members.emplace_back();
      auto& [name, value] = json.members.back();
      Space();
      if (!Take("\"") || !String(name)) return false;
      Space();
      if (!Take(":") || !Value(value)) return false;
      Space();
    } while (Take(","));
    return Take("}");
  }

  bool Number(Json& json) {
    static const std::regex kNumber(
        "-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    const std::string rest(
        text_.substr(0, text_.find_first_not_of("+-.0123456789eE")));
    if (rest.size() > 64 || !std::regex_match(rest, kNumber)) return false;
    json.kind = Json::Kind::kNumber;
    json.number = std::strtod(rest.c_str(), nullptr);
    text_.remove_prefix(rest.size());
    return true;
  }

  bool Hex4(uint32_t& code) {
    const std::string digits(text_.substr(0, 4));
    if (digits.size() < 4 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
      return false;
    code = static_cast<uint32_t>(std::stoul(digits, nullptr, 16));
    text_.remove_prefix(4);
    return true;
  }

  // What follows a backslash.
  bool Escape(std::string& to) {
    constexpr absl::string_view kShort = "\"\\/bfnrt";
    constexpr absl::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (text_.empty()) return false;
    const size_t which = kShort.find(text_[0]);
    if (which != absl::string_view::npos) {
      to += kMeant[which];
      text_.remove_prefix(1);
      return true;
    }
    uint32_t code;
    if (!Take("u") || !Hex4(code)) return false;
    if (code >= 0xD800 && code < 0xDC00) {
      uint32_t low;
      if (!Take("\\u") || !Hex4(low) || low < 0xDC00 || low > 0xDFFF)
        return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return false;
    }
    AppendUtf8(code, to);
    return true;
  }

  // What follows the opening quote.
  bool String(std::string& to) {
    while (!Take("\"")) {
      if (Take("\\")) {
        if (!Escape(to)) return false;
        continue;
      }
      if (text_.empty() || static_cast<unsigned char>(text_[0]) < 0x20)
        return false;
      to += text_[0];
      text_.remove_prefix(1);
    }
    return true;
  }

  absl::string_view text_;
};

}  // namespace

const Json* Json::Member(absl::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::optional<Json> ReadJson(absl::string_view text) {
  Json json;
  if (!DecodesAsUtf8(text) || !Reader(text).Whole(json)) return absl::nullopt;
  return json;
}

}  // namespace sluice
