#include "bridge/http/topic_json.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "bridge/base/error_table.h"
#include "bridge/base/random.h"
#include "bridge/event/event_rules.h"
#include "bridge/event/selector.h"
#include "bridge/http/json_fields.h"

namespace sluice {
namespace {

// An enum as proto3's JSON has it: a name, or its number, which is its place in
// `names`. 0 leaves `to`.
template <typename Enum>
absl::Status ReadEnum(const nlohmann::json& value, absl::string_view type,
                      absl::Span<const absl::string_view> names,
                      absl::optional<Enum>& to) {
  size_t number = 0;
  if (const auto* name = value.get_ptr<const std::string*>()) {
    while (number < names.size() && names[number] != *name) ++number;
    if (number == names.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("must be one of ", type, "'s names, like ", names[1]));
    }
  } else if (const auto* integer =
                 value.get_ptr<const nlohmann::json::number_integer_t*>()) {
    number = static_cast<size_t>(*integer);
    if (number >= names.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no ", type, " of number ", *integer));
    }
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("must be the name or the number of a ", type));
  }
  if (number > 0) to = static_cast<Enum>(number - 1);
  return absl::OkStatus();
}

// As in protos: a number of 0 and `false` leave a setting to the server.
template <typename T>
void TakeUnlessZero(JsonFields& fields, absl::string_view name,
                    absl::optional<T>& to) {
  T value{};
  fields.Take(name, value);
  if (value != T{}) to = value;
}

absl::Status ReadSettings(JsonFields fields, TopicSettingsPatch& settings) {
  TakeUnlessZero(fields, "retentionEvents", settings.retention_events);
  TakeUnlessZero(fields, "retentionBytes", settings.retention_bytes);
  fields.TakeWith("retentionAge", [&](const nlohmann::json& value) {
    absl::Duration age;
    absl::Status status = ReadJson(value, age);
    if (!status.ok()) return status;
    settings.retention_age = age;
    return CheckRetentionAge(age);
  });
  fields.TakeWith("defaultStart", [&](const nlohmann::json& value) {
    return ReadEnum(value, "Start",
                    {"START_UNSPECIFIED", "START_EARLIEST", "START_LATEST"},
                    settings.default_start);
  });
  fields.TakeWith("slowReader", [&](const nlohmann::json& value) {
    return ReadEnum(value, "SlowReader",
                    {"SLOW_READER_UNSPECIFIED", "SLOW_READER_GAP",
                     "SLOW_READER_DISCONNECT"},
                    settings.slow_reader);
  });
  TakeUnlessZero(fields, "coalesce", settings.coalesce);
  TakeUnlessZero(fields, "omitDoneMarker", settings.omit_done_marker);
  return fields.Done();
}

absl::Status ReadFailure(JsonFields fields, Failure& failure) {
  fields.TakeWith("code", [&](const nlohmann::json& value) {
    if (const auto* name = value.get_ptr<const std::string*>()) {
      const ErrorRow* row = FindErrorRow(*name);
      failure.code = row == nullptr ? 0 : static_cast<int>(row->code);
    } else if (const auto* code =
                   value.get_ptr<const nlohmann::json::number_unsigned_t*>()) {
      failure.code = *code > 16 ? 0 : static_cast<int>(*code);
    } else {
      return absl::InvalidArgumentError(
          "must be a gRPC status code, 1-16, or its name");
    }
    return absl::OkStatus();
  });
  fields.Take("message", failure.message);
  if (absl::Status status = fields.Done(); !status.ok()) return status;
  const absl::Status status = CheckFailureCode(failure.code);
  return status.ok() ? status
                     : absl::InvalidArgumentError(
                           absl::StrCat("code: ", status.message()));
}

}  // namespace

absl::StatusOr<CreateTopicBody> ParseCreateTopic(absl::string_view body,
                                                 const TopicRules& rules) {
  absl::StatusOr<JsonFields> fields = JsonFields::Parse(body);
  if (!fields.ok()) return fields.status();
  CreateTopicBody result;
  TopicSettingsPatch settings;
  fields->TakeWith("topic", [&](const nlohmann::json& value) {
    absl::Status status = ReadJson(value, result.topic);
    return !status.ok() || result.topic.empty()
               ? status
               : CheckWritableTopic(result.topic);
  });
  fields->TakeObject("settings", [&](JsonFields inner) {
    return ReadSettings(std::move(inner), settings);
  });
  fields->Take("replaceEnded", result.replace_ended);
  if (absl::Status status = fields->Done(); !status.ok()) return status;
  if (result.topic.empty()) result.topic = RandomName();
  result.settings = settings.Over(rules.For(result.topic));
  return result;
}

absl::StatusOr<End> ParseEndTopic(absl::string_view body) {
  absl::StatusOr<JsonFields> fields = JsonFields::Parse(body);
  if (!fields.ok()) return fields.status();
  End end;
  fields->TakeObject("error", [&](JsonFields inner) {
    end.failure.emplace();
    return ReadFailure(std::move(inner), *end.failure);
  });
  if (absl::Status status = fields->Done(); !status.ok()) return status;
  return end;
}

absl::StatusOr<std::string> ParseStop(absl::string_view body) {
  absl::StatusOr<JsonFields> fields = JsonFields::Parse(body);
  if (!fields.ok()) return fields.status();
  std::string reason;
  fields->TakeWith("reason", [&](const nlohmann::json& value) {
    absl::Status status = ReadJson(value, reason);
    return status.ok() && reason.size() > kMaxReasonBytes
               ? absl::InvalidArgumentError(absl::StrCat(
                     "must be at most ", kMaxReasonBytes, " bytes long"))
               : status;
  });
  if (absl::Status status = fields->Done(); !status.ok()) return status;
  return reason;
}

}  // namespace sluice
