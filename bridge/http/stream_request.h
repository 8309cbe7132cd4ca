#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "bridge/hub/place.h"
#include "bridge/net/request_reader.h"

namespace sluice {

// What a reader asks of an event stream, beside its topic.
struct StreamRequest {
  StartAt start;
  absl::Duration heartbeat;
  bool envelope = false;  // events as JSON that says all about them
};

inline constexpr int64_t kMaxHeartbeatSeconds = 60;

// From the query and Last-Event-ID, which may be anything: what cannot be
// understood there becomes a gap. Numbers beyond their bounds are clamped.
// InvalidArgument: `from` or `envelope` is none that there is, a number is
// none, a parameter but last_event_id is repeated.
absl::StatusOr<StreamRequest> ParseStreamRequest(
    const RequestHead& request, absl::Duration default_heartbeat);

// Whether an Accept field (RFC 9110 12.5.1) takes text/event-stream.
bool AcceptsEventStream(absl::string_view accept);

}  // namespace sluice
