#include "bridge/http/compact_json.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/utf8.h"

namespace sluice {
namespace {

bool IsDigit(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c));
}

// How many bytes the token takes that `text`, which is not empty, begins with;
// 0: it is none (RFC 8259 3, 6 and 7).

size_t LiteralBytes(absl::string_view text) {
  for (absl::string_view literal : {"true", "false", "null"}) {
    if (absl::StartsWith(text, literal)) return literal.size();
  }
  return 0;
}

size_t NumberBytes(absl::string_view text) {
  size_t at = 0;
  const auto take_digits = [&] {
    const size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at > from;
  };
  const auto take_one_of = [&](absl::string_view chars) {
    const bool there =
        at < text.size() && chars.find(text[at]) != absl::string_view::npos;
    at += there ? 1 : 0;
    return there;
  };
  take_one_of("-");
  if (!take_one_of("0") && !take_digits()) return 0;
  if (take_one_of(".") && !take_digits()) return 0;
  if (take_one_of("eE")) {
    take_one_of("+-");
    if (!take_digits()) return 0;
  }
  return at;
}

size_t EscapeBytes(absl::string_view text) {
  if (text.size() < 2) return 0;
  if (text[1] != 'u') {
    return absl::string_view("\"\\/bfnrt").find(text[1]) ==
                   absl::string_view::npos
               ? 0
               : 2;
  }
  if (text.size() < 6) return 0;
  for (const char c : text.substr(2, 4)) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return 0;
  }
  return 6;
}

size_t StringBytes(absl::string_view text) {
  for (size_t at = 1; at < text.size();) {
    if (text[at] == '"') return at + 1;
    if (static_cast<unsigned char>(text[at]) < 0x20) return 0;
    const size_t bytes =
        text[at] == '\\' ? EscapeBytes(text.substr(at)) : size_t{1};
    if (bytes == 0) return 0;
    at += bytes;
  }
  return 0;
}

// Goes through the text once, a token at a time.
class Compactor {
 public:
  explicit Compactor(absl::string_view text) : text_(text) {
    out_.reserve(text.size());
  }

  absl::StatusOr<std::string> Run() {
    while (SkipSpace()) {
      if (!TakeToken()) return Wrong();
    }
    if (next_ != Next::kNothing) return Wrong();
    return std::move(out_);
  }

 private:
  // What may come next.
  enum class Next {
    kValue,
    kValueOrEnd,
    kName,
    kNameOrEnd,
    kColon,
    kCommaOrEnd,
    kNothing
  };

  // False at the end of the text.
  bool SkipSpace() {
    at_ = text_.find_first_not_of(" \t\n\r", at_);
    if (at_ != absl::string_view::npos) return true;
    at_ = text_.size();
    return false;
  }

  bool TakeToken() {
    const char c = text_[at_];
    switch (next_) {
      case Next::kValueOrEnd:
        return c == ']' ? TakeEnd(c) : TakeValue(c);
      case Next::kValue:
        return TakeValue(c);
      case Next::kNameOrEnd:
        return c == '}' ? TakeEnd(c) : TakeName(c);
      case Next::kName:
        return TakeName(c);
      case Next::kColon:
        return c == ':' && Take(1, Next::kValue);
      case Next::kCommaOrEnd:
        if (c != ',') return TakeEnd(c);
        return Take(1, open_.back() == '}' ? Next::kName : Next::kValue);
      case Next::kNothing:
        break;
    }
    return false;
  }

  bool TakeValue(char c) {
    if (c == '{' || c == '[') {
      too_deep_ = open_.size() == kMaxJsonDepth;
      if (too_deep_) return false;
      open_.push_back(c == '{' ? '}' : ']');
      return Take(1, c == '{' ? Next::kNameOrEnd : Next::kValueOrEnd);
    }
    const absl::string_view rest = text_.substr(at_);
    const size_t bytes = c == '"'                 ? StringBytes(rest)
                         : IsDigit(c) || c == '-' ? NumberBytes(rest)
                                                  : LiteralBytes(rest);
    return bytes > 0 && Take(bytes, AfterValue());
  }

  bool TakeName(char c) {
    const size_t bytes = c == '"' ? StringBytes(text_.substr(at_)) : 0;
    return bytes > 0 && Take(bytes, Next::kColon);
  }

  bool TakeEnd(char c) {
    if (c != open_.back()) return false;
    open_.pop_back();
    return Take(1, AfterValue());
  }

  Next AfterValue() const {
    return open_.empty() ? Next::kNothing : Next::kCommaOrEnd;
  }

  bool Take(size_t bytes, Next next) {
    absl::StrAppend(&out_, text_.substr(at_, bytes));
    at_ += bytes;
    next_ = next;
    return true;
  }

  absl::Status Wrong() const {
    return absl::InvalidArgumentError(
        too_deep_ ? absl::StrCat("JSON's lists and objects may lie ",
                                 kMaxJsonDepth, " deep in each other")
                  : absl::StrCat("is not JSON, as its byte ", at_, " shows"));
  }

  const absl::string_view text_;
  size_t at_ = 0;
  Next next_ = Next::kValue;
  bool too_deep_ = false;
  std::string open_;  // what closes each list and object that is open
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> CompactJson(absl::string_view text) {
  if (!IsValidUtf8(text)) return absl::InvalidArgumentError("JSON is UTF-8");
  return Compactor(text).Run();
}

}  // namespace sluice
