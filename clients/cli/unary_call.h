// One unary gRPC call that Ctrl-C can end.
//
// Threads: one.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>

#include "clients/cli/interrupt.h"

namespace sluice {

// Starts the call that `start` makes of the two, by a stub's async(), and
// blocks until it is over: 10 s at most, and not after `interrupt`.
grpc::Status CallUnary(
    const Interrupt& interrupt,
    const std::function<void(grpc::ClientContext* context,
                             std::function<void(grpc::Status)> done)>& start);

}  // namespace sluice
