#include "bridge/http/stream_request.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bridge/http/query.h"

namespace sluice {
namespace {

std::string RequestedId(const RequestHead& request) {
  if (const auto header = request.Field("last-event-id");
      header && !header->empty())
    return std::string(*header);
  return IdParam(request.target, "last_event_id");
}

}  // namespace

absl::StatusOr<StreamRequest> ParseStreamRequest(
    const RequestHead& request, absl::Duration default_heartbeat) {
  const Target& target = request.target;
  absl::Status status =
      CheckOnce(target, {"from", "last", "heartbeat", "envelope"});
  if (!status.ok()) return status;
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
  status = TakeNumber(target, "last", result.start.last);
  if (!status.ok()) return status;
  absl::optional<uint64_t> heartbeat;
  status = TakeNumber(target, "heartbeat", heartbeat);
  if (!status.ok()) return status;
  if (heartbeat) {
    result.heartbeat = absl::Seconds(
        std::clamp<uint64_t>(*heartbeat, 1, kMaxHeartbeatSeconds));
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
