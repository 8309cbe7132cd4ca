// `sluice relay`: an HTTP stream becomes a topic.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "clients/cli/http_stream.h"
#include "clients/cli/io.h"

namespace sluice {

struct RelayOptions {
  HttpRequest upstream;
  std::string topic;
  // Silence of the upstream, from the request on, that counts as its failure.
  absl::Duration idle_timeout = absl::Seconds(20);
  bool create = false;
  bool quiet = false;
};

// Relays until the upstream ends or fails, the call fails or Ctrl-C. Blocks
// until then; returns the exit code.
int RunRelay(const RelayOptions& options, const Endpoints& endpoints,
             const Io& io);

}  // namespace sluice
