#include "bridge/http/stream_request.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace sluice {
namespace {

// A whole number; one too large for 64 bits is as large as they are.
absl::StatusOr<uint64_t> ParseNumber(absl::string_view name,
                                     absl::string_view text) {
  const bool digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  if (!digits)
    return absl::InvalidArgumentError(
        absl::StrCat(name, " is not a whole number"));
  uint64_t number;
  return absl::SimpleAtoi(text, &number) ? number : UINT64_MAX;
}

std::string RequestedId(const RequestHead& request) {
  if (const auto header = request.Field("last-event-id");
      header && !header->empty())
    return std::string(*header);
  // Ids have `+` and no spaces, and many a page puts them into its URL
  // unescaped.
  return absl::StrReplaceAll(request.target.Param("last_event_id").value_or(""),
                             {{" ", "+"}});
}

}  // namespace

absl::StatusOr<StreamRequest> ParseStreamRequest(
    const RequestHead& request, absl::Duration default_heartbeat) {
  const Target& target = request.target;
  for (absl::string_view name : {"from", "last", "heartbeat", "envelope"}) {
    if (target.CountParam(name) > 1)
      return absl::InvalidArgumentError(
          absl::StrCat(name, " is given more than once"));
  }
  StreamRequest result;
  result.start.id = RequestedId(request);
  result.heartbeat = default_heartbeat;
  if (const auto from = target.Param("from")) {
    if (*from != "earliest" && *from != "latest") {
      return absl::InvalidArgumentError("from is neither earliest nor latest");
    }
    result.start.start = *from == "earliest" ? TopicSettings::Start::kEarliest
                                             : TopicSettings::Start::kLatest;
  }
  if (const auto last = target.Param("last")) {
    const absl::StatusOr<uint64_t> number = ParseNumber("last", *last);
    if (!number.ok()) return number.status();
    result.start.last = *number;
  }
  if (const auto heartbeat = target.Param("heartbeat")) {
    const absl::StatusOr<uint64_t> number =
        ParseNumber("heartbeat", *heartbeat);
    if (!number.ok()) return number.status();
    result.heartbeat =
        absl::Seconds(std::clamp<uint64_t>(*number, 1, kMaxHeartbeatSeconds));
  }
  if (const auto envelope = target.Param("envelope")) {
    if (*envelope != "json")
      return absl::InvalidArgumentError("envelope is not json");
    result.envelope = true;
  }
  return result;
}

bool AcceptsEventStream(absl::string_view accept) {
  for (absl::string_view range : absl::StrSplit(accept, ',')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(range, ';');
    const absl::string_view type = absl::StripAsciiWhitespace(parts[0]);
    if (type != "*/*" && !absl::EqualsIgnoreCase(type, "text/*") &&
        !absl::EqualsIgnoreCase(type, "text/event-stream")) {
      continue;
    }
    const bool refused =
        std::any_of(parts.begin() + 1, parts.end(), [](absl::string_view part) {
          part = absl::StripAsciiWhitespace(part);
          double quality = 1;
          return absl::StartsWithIgnoreCase(part, "q=") &&
                 absl::SimpleAtod(part.substr(2), &quality) && quality == 0;
        });
    if (!refused) return true;
  }
  return false;
}

}  // namespace sluice
