#include "bridge/grpc/json_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/base/json.h"

namespace sluice {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

// Below it a double holds every integer, and so is one for whoever reads it.
constexpr double kMaxInteger = 9007199254740992;  // 2^53

// As deep as its message: the parser has a limit for that.
absl::Status Append(const Value& value, std::string& json);

absl::Status AppendNumber(double number, std::string& json) {
  if (!std::isfinite(number)) {
    return absl::InvalidArgumentError("JSON has no NaN and no infinity");
  }
  // Zero as an integer would lose its sign.
  const bool integer = std::trunc(number) == number && number != 0;
  if (integer && std::abs(number) < kMaxInteger) {
    absl::StrAppend(&json, static_cast<int64_t>(number));
    return absl::OkStatus();
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), number).ptr;
  json.append(text, end);
  return absl::OkStatus();
}

absl::Status AppendStruct(const Struct& object, std::string& json) {
  std::vector<std::pair<absl::string_view, const Value*>> members;
  members.reserve(object.fields_size());
  for (const auto& [name, value] : object.fields()) {
    members.emplace_back(name, &value);
  }
  std::sort(members.begin(), members.end());
  absl::string_view separator = "{";
  for (const auto& [name, value] : members) {
    absl::StrAppend(&json, separator, JsonString(name), ":");
    if (auto status = Append(*value, json); !status.ok()) return status;
    separator = ",";
  }
  absl::StrAppend(&json, members.empty() ? "{}" : "}");
  return absl::OkStatus();
}

absl::Status AppendList(const ListValue& list, std::string& json) {
  json += '[';
  for (int i = 0; i < list.values_size(); ++i) {
    if (i > 0) json += ',';
    if (auto status = Append(list.values(i), json); !status.ok()) return status;
  }
  json += ']';
  return absl::OkStatus();
}

absl::Status Append(const Value& value, std::string& json) {
  switch (value.kind_case()) {
    case Value::kNullValue:
      json += "null";
      return absl::OkStatus();
    case Value::kBoolValue:
      json += value.bool_value() ? "true" : "false";
      return absl::OkStatus();
    case Value::kNumberValue:
      return AppendNumber(value.number_value(), json);
    case Value::kStringValue:
      json += JsonString(value.string_value());
      return absl::OkStatus();
    case Value::kStructValue:
      return AppendStruct(value.struct_value(), json);
    case Value::kListValue:
      return AppendList(value.list_value(), json);
    case Value::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "a google.protobuf.Value has one of its kinds set; null is `null_value`");
}

}  // namespace

absl::StatusOr<std::string> ToJson(const Value& value) {
  std::string json;
  if (auto status = Append(value, json); !status.ok()) return status;
  return json;
}

}  // namespace sluice
