// `sluice topics`: what a bridge has.
#pragma once

#include <string>

#include "clients/cli/io.h"

namespace sluice {

struct TopicsOptions {
  // A topic or a pattern; empty: all.
  std::string pattern;
  // One JSON object a line instead of a table.
  bool json = false;
};

// Prints the topics that match, by name. Blocks until then; returns the exit
// code.
int RunTopics(const TopicsOptions& options, const Endpoints& endpoints,
              const Io& io);

}  // namespace sluice
