#include "bridge/event/selector.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

bool IsTokenByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '~' || c == ':' || c == '@' || c == '-';
}

}  // namespace

absl::Status CheckTopic(absl::string_view topic) {
  if (topic.empty())
    return absl::InvalidArgumentError("a topic's name is empty");
  if (topic.size() > kMaxTopicBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a topic's name is ", topic.size(),
                     " bytes long; the limit is ", kMaxTopicBytes));
  }
  char before = '.';
  for (char c : topic) {
    if (c == '.' ? before == '.' : !IsTokenByte(c)) {
      return absl::InvalidArgumentError(
          "a topic's name is tokens of [A-Za-z0-9_~:@-] joined by single dots");
    }
    before = c;
  }
  if (before == '.')
    return absl::InvalidArgumentError("a topic's name does not end with a dot");
  return absl::OkStatus();
}

absl::Status CheckWritableTopic(absl::string_view topic) {
  if (absl::Status status = CheckTopic(topic); !status.ok()) return status;
  if (topic == "sluice" || absl::StartsWith(topic, "sluice.")) {
    return absl::InvalidArgumentError(
        "topics under `sluice.` are the server's own: they can only be read");
  }
  return absl::OkStatus();
}

}  // namespace sluice
