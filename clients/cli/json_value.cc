#include "clients/cli/json_value.h"

#include <google/protobuf/util/json_util.h>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "bridge/base/json.h"
#include "clients/cli/clean_utf8.h"

namespace sluice {

absl::StatusOr<google::protobuf::Value> ParseJson(absl::string_view text) {
  google::protobuf::Value value;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &value);
  if (status.ok()) return value;
  // What follows the first line is a picture of the place.
  const std::string message = status.message().ToString();
  const auto first = absl::StripAsciiWhitespace(
      absl::string_view(message).substr(0, message.find('\n')));
  return absl::InvalidArgumentError(absl::StripSuffix(first, "."));
}

std::string StringField(const google::protobuf::Struct& object,
                        const std::string& key) {
  const auto field = object.fields().find(key);
  return field == object.fields().end() ? "" : field->second.string_value();
}

std::string JsonQuote(std::string text) {
  CleanUtf8(text);
  return JsonString(text);
}

}  // namespace sluice
