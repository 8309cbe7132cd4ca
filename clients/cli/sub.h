// `sluice sub`: a topic's events on standard output.
#pragma once

#include <string>

#include "clients/cli/io.h"

namespace sluice {

struct SubOptions {
  std::string topic;
  // One JSON object a line instead of the payloads.
  bool json = false;
  // A cursor or an id to resume after; empty: none.
  std::string after;
  // `earliest` or `latest`; empty: the topic's own.
  std::string from;
  // The last so many; below 0: not set.
  int last = -1;
};

// Prints until the topic ends, the connection is lost or Ctrl-C. Blocks until
// then; returns the exit code.
int RunSub(const SubOptions& options, const Endpoints& endpoints, const Io& io);

// The address of the stream; for tests.
std::string EventsUrl(const SubOptions& options, const std::string& base);

}  // namespace sluice
