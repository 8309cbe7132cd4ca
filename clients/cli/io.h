// What a command talks to: three descriptors and Ctrl-C. Tests hand in pipes.
#pragma once

#include <string>

#include "clients/cli/interrupt.h"

namespace sluice {

struct Io {
  int in;
  int out;
  int err;
  // Must outlive the command.
  Interrupt& interrupt;
};

// Where the bridge is.
struct Endpoints {
  // A gRPC target, `host:port`.
  std::string grpc;
  // A URL without a path.
  std::string http;
};

}  // namespace sluice
