// `sluice pub`: standard input, or what a command prints, becomes events.
#pragma once

#include <string>

#include "absl/time/time.h"
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
  // PublishWithFeedback: acks are what progress shows.
  bool acked = false;
  // PublishWithFeedback: a reader's wish to stop is the end of the input.
  bool feedback = false;
  // Its output is the input, and it runs while the topic has readers; implies
  // `feedback`. Empty: the input is `io.in`.
  std::string command;
  // How long the command may take to go after SIGTERM.
  absl::Duration command_grace = absl::Seconds(5);
  // Events a second; 0: as fast as they go.
  double rate = 0;
  bool create = false;
  bool on_abort_fail = false;
  bool quiet = false;
};

// Publishes the input until it ends, the call fails or Ctrl-C. Blocks until
// then; returns the exit code.
int RunPub(const PubOptions& options, const Endpoints& endpoints, const Io& io);

}  // namespace sluice
