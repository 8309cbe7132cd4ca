// What an absl::Status of this library says besides its code and message.
//
// From the bridge:
//   InvalidArgument    an event, a topic or an end breaks a rule: violations
//   FailedPrecondition the topic has ended, or was deleted
//   ResourceExhausted  a limit of the bridge, which the message names
//   PermissionDenied, Unauthenticated   the token is missing or not enough
//   Unavailable        a Publisher gave up; the one try of PublishOnce failed
//   and any other code that gRPC may find on the way
// These carry a PublishError. Those without one are the library's own:
//   InvalidArgument    what can't be sent at all, such as text that isn't UTF-8
//   DeadlineExceeded   the timeout of a method was over; nothing is lost by it
//   Cancelled          the publisher is closed or was cancelled
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sluice/event.h"

namespace sluice {

// A field that broke a rule.
struct Violation {
  // As in `requests[2].events[5].id`, with the zero-based indexes of the call.
  std::string field;
  std::string description;
  // What it was published to, by a Publisher, and the event if it is one's
  // field. Empty if that is not known.
  std::string topic;
  std::optional<Event> event;
};

// What the bridge refused, and how much it had taken until then.
struct PublishError {
  // Events that were stored, and that were there already.
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  // Events and ends of a Publisher of which nothing is known.
  std::uint64_t unacknowledged = 0;
  // Only of InvalidArgument.
  std::vector<Violation> violations;
};

// Nullopt if the bridge has not refused anything: OK, and the library's own
// errors. Copies of a status still have it.
std::optional<PublishError> PublishErrorOf(const absl::Status& status);

}  // namespace sluice
