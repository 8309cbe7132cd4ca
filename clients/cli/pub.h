// `sluice pub`: standard input becomes events.
#pragma once

#include <string>

#include "absl/types/optional.h"
#include "clients/cli/event_maker.h"
#include "clients/cli/io.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

struct PubOptions {
  std::string topic;
  EventShape shape;
  // Sent after the end of the input; none: the topic stays open.
  absl::optional<v1::End> end;
  // PublishWithFeedback.
  bool acked = false;
  // Events a second; 0: as fast as they go.
  double rate = 0;
  bool create = false;
  bool on_abort_fail = false;
  bool quiet = false;
};

// Publishes `io.in` until it ends, the call fails or Ctrl-C. Blocks until then;
// returns the exit code.
int RunPub(const PubOptions& options, const Endpoints& endpoints, const Io& io);

}  // namespace sluice
