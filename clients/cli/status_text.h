// gRPC statuses in words: the codes' names, and sentences for standard error.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

// One entry of a google.rpc.BadRequest.
struct FieldViolation {
  // A path with zero-based indexes: `requests[2].events[5].id`.
  std::string field;
  std::string description;
};

// The name that google/rpc/code.proto gives to `code` (1-16); UNKNOWN for any
// other.
std::string CodeName(int code);

// The code of a name (in any case) or a number, 1-16: what a topic can fail
// with. None if it is neither.
absl::optional<int> ParseFailureCode(absl::string_view name_or_number);

// What the server says is wrong with a request; empty if it says nothing about
// a field. Reads the trailing metadata `grpc-status-details-bin` (a
// google.rpc.Status).
std::vector<FieldViolation> FieldViolations(const grpc::Status& status);

// `INVALID_ARGUMENT: message (requests[2].events[5].id)`, for a status that is
// not OK. An UNAVAILABLE that means that there is no connection at all says so,
// naming `target`, the bridge's address.
std::string Describe(const grpc::Status& status, absl::string_view target);

}  // namespace sluice
