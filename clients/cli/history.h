// `sluice history`: what a topic keeps, without waiting for more.
#pragma once

#include <cstdint>
#include <string>

#include "clients/cli/io.h"

namespace sluice {

struct HistoryOptions {
  std::string topic;
  // The last so many, 1 to 1000; 0: all.
  std::int32_t last = 0;
  // A cursor or an id; empty: from the earliest. `last` wins.
  std::string after;
  // One JSON object a line instead of the payloads.
  bool json = false;
  // No notes on gaps.
  bool quiet = false;
};

// Prints the events, page after page. Blocks until then; returns the exit code.
int RunHistory(const HistoryOptions& options, const Endpoints& endpoints,
               const Io& io);

}  // namespace sluice
