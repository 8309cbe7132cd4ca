// From gRPC's errors to those of error.h.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sluice/channel.h"
#include "sluice/error.h"

namespace sluice::internal {

// A status that PublishErrorOf understands; its message has the violations too.
absl::Status MakeRefusal(absl::StatusCode code, const std::string& message,
                         const PublishError& error);

// The google.rpc.BadRequest of a status.
std::vector<Violation> ViolationsIn(const grpc::Status& status);

// How many events a call stored before it was refused, as its trailing metadata
// says; 0 if it doesn't. The call must be over.
std::uint64_t AcceptedIn(const grpc::ClientContext& context);

// InvalidArgument, naming the key, for what gRPC would abort the process for.
absl::Status AddMetadata(const Metadata& metadata,
                         grpc::ClientContext& context);

}  // namespace sluice::internal
