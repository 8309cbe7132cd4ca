#include "bridge/http/json_fields.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "bridge/http/compact_json.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

// How much of a name that nobody knows its sender is told.
constexpr size_t kMaxNameEcho = 64;

// As google/protobuf/duration.proto has it.
constexpr int64_t kMaxSeconds = 315576000000;

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

// "1.5s" as 1.5 s; nothing for what is not written so, or beyond 64 bits.
absl::optional<absl::Duration> ParseDuration(absl::string_view text) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  if (!absl::ConsumeSuffix(&text, "s")) return absl::nullopt;
  const size_t point = text.find('.');
  const absl::string_view whole = text.substr(0, point);
  std::string fraction = "0";
  if (point != absl::string_view::npos) {
    fraction = std::string(text.substr(point + 1));
  }
  int64_t seconds;
  if (!IsNumber(whole) || !IsNumber(fraction) || fraction.size() > 9 ||
      !absl::SimpleAtoi(whole, &seconds)) {
    return absl::nullopt;
  }
  fraction.resize(9, '0');
  int64_t nanos;
  if (!absl::SimpleAtoi(fraction, &nanos)) return absl::nullopt;
  const absl::Duration duration =
      absl::Seconds(seconds) + absl::Nanoseconds(nanos);
  return negative ? -duration : duration;
}

// "retention_age" of "retentionAge".
std::string ProtoName(absl::string_view json_name) {
  std::string name;
  for (const char c : json_name) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isupper(byte)) name += '_';
    name += static_cast<char>(absl::ascii_tolower(byte));
  }
  return name;
}

absl::Status Prefixed(absl::string_view prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(prefix, status.message()));
}

// Names that an object has twice, which parsers read differently.
class DoubleNames {
 public:
  void See(Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) {
      open_.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      open_.pop_back();
    } else if (event == Json::parse_event_t::key) {
      const std::string& name = *value.get_ptr<const std::string*>();
      if (!open_.back().insert(name).second && !found_) found_ = name;
    }
  }
  const absl::optional<std::string>& found() const { return found_; }

 private:
  std::vector<std::set<std::string>> open_;
  absl::optional<std::string> found_;
};

}  // namespace

absl::Status ReadJson(const Json& value, std::string& to) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) return absl::InvalidArgumentError("must be a string");
  to = *text;
  return absl::OkStatus();
}

absl::Status ReadJson(const Json& value, bool& to) {
  const auto* flag = value.get_ptr<const bool*>();
  if (flag == nullptr) {
    return absl::InvalidArgumentError("must be true or false");
  }
  to = *flag;
  return absl::OkStatus();
}

absl::Status ReadJson(const Json& value, uint64_t& to) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (const auto* whole = value.get_ptr<const Json::number_unsigned_t*>()) {
    to = *whole;
    return absl::OkStatus();
  }
  if (const auto* number = value.get_ptr<const Json::number_float_t*>()) {
    if (*number >= 0 && *number < kTwoTo64 && *number == std::floor(*number)) {
      to = static_cast<uint64_t>(*number);
      return absl::OkStatus();
    }
  }
  if (const auto* text = value.get_ptr<const std::string*>()) {
    uint64_t number;
    if (IsNumber(*text) && absl::SimpleAtoi(*text, &number)) {
      to = number;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      "must be a whole number of 64 bits, or a string of its digits");
}

absl::Status ReadJson(const Json& value, absl::Duration& to) {
  const auto* text = value.get_ptr<const std::string*>();
  const auto duration = text == nullptr ? absl::nullopt : ParseDuration(*text);
  if (!duration) {
    return absl::InvalidArgumentError(
        "must be a string of seconds, like \"3600s\" or \"1.5s\"");
  }
  if (absl::AbsDuration(*duration) > absl::Seconds(kMaxSeconds)) {
    return absl::InvalidArgumentError("must be at most 10,000 years");
  }
  to = *duration;
  return absl::OkStatus();
}

absl::StatusOr<JsonFields> JsonFields::Parse(absl::string_view body) {
  if (body.empty()) return JsonFields(Json::object());
  // Bounds the depth, for what follows is built as a tree.
  const absl::StatusOr<std::string> text = CompactJson(body);
  if (!text.ok()) return Prefixed("the body: ", text.status());
  DoubleNames names;
  Json object = Json::parse(
      *text,
      [&names](int, Json::parse_event_t event, Json& value) {
        names.See(event, value);
        return true;
      },
      /*allow_exceptions=*/false);
  if (object.is_discarded()) {
    return absl::InvalidArgumentError(
        "the body: has a number that is too large, or half a surrogate pair");
  }
  if (!object.is_object()) {
    return absl::InvalidArgumentError("the body: must be a JSON object");
  }
  if (names.found()) {
    return absl::InvalidArgumentError(absl::StrCat(
        names.found()->substr(0, kMaxNameEcho), ": is there more than once"));
  }
  return JsonFields(std::move(object));
}

void JsonFields::TakeWith(
    absl::string_view name,
    const std::function<absl::Status(const nlohmann::json&)>& read) {
  auto field = object_.find(name);
  if (field == object_.end()) field = object_.find(ProtoName(name));
  if (field == object_.end()) return;
  const std::string spelling = field.key();
  const Json value = std::move(*field);
  object_.erase(field);
  // The other spelling is the same field.
  absl::Status status;
  if (object_.erase(ProtoName(name)) > 0) {
    status = absl::InvalidArgumentError("is there more than once");
  } else if (!value.is_null()) {
    status = read(value);
  }
  if (status_.ok() && !status.ok()) {
    status_ = Prefixed(absl::StrCat(spelling, ": "), status);
  }
}

void JsonFields::TakeObject(
    absl::string_view name,
    const std::function<absl::Status(JsonFields)>& take) {
  absl::Status inner;
  TakeWith(name, [&](const Json& value) {
    if (!value.is_object()) {
      return absl::InvalidArgumentError("must be an object");
    }
    inner = take(JsonFields(value));
    return absl::OkStatus();
  });
  if (status_.ok() && !inner.ok()) {
    status_ = Prefixed(absl::StrCat(name, "."), inner);
  }
}

absl::Status JsonFields::Done() const {
  if (!status_.ok() || object_.empty()) return status_;
  return absl::InvalidArgumentError(
      absl::StrCat(object_.begin().key().substr(0, kMaxNameEcho),
                   ": there is no such field"));
}

}  // namespace sluice
