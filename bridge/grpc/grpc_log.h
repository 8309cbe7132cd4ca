#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace sluice {

// Takes over what gRPC and protobuf would write to standard error by
// themselves: a line for each thing in a client's request that they cannot
// read, with what it was. From then on gRPC's lines are records of the bridge's
// log, without what clients sent and no more than a few in a while; protobuf's
// are dropped, since a request that cannot be parsed is answered anyway.
//
// For the whole process and for good. Thread-safe.
void TakeOverGrpcLog();

// What of a line of gRPC's goes into the log.
std::string WithoutClientsValues(absl::string_view line);

}  // namespace sluice
