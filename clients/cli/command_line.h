// The command line of `sluice`: what its options are, and which command they
// start.
#pragma once

#include "clients/cli/io.h"

namespace sluice {

// Reads the arguments (as main has them) and runs the command. Blocks until it
// is over; returns the exit code.
int RunCommandLine(int argc, const char* const* argv, const Io& io);

}  // namespace sluice
