#pragma once

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice {

// How an error leaves through gRPC: the code as it is, a sentence, and for
// InvalidArgument a google.rpc.BadRequest that names the field.
//
// Thread safety: functions without state.

// `status`, its field now inside of `field`: an error of `id` put at
// `events[5]` is one of `events[5].id`. An OK status stays as it is.
absl::Status AtField(absl::Status status, absl::string_view field);

// Where `status` says that the error is: `requests[2].events[5].id`. Empty if
// it says nothing.
std::string FieldOf(const absl::Status& status);

// The same code and sentence, the sentence preceded by the field.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace sluice
