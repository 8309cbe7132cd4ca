// `sluice sub`: the events of a topic, or of several, on standard output, each
// once, across lost connections.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "clients/cli/io.h"
#include "clients/cli/reconnect.h"

namespace sluice {

struct SubOptions {
  // Topics and patterns, one at least. Of more than one topic, the payloads'
  // lines have their topic in front.
  std::vector<std::string> topics;
  // One JSON object a line instead of the payloads: an event as the bridge's
  // HTTP side has it, {"topic","id","cursor","type","data","json","time"}.
  bool json = false;
  // A cursor or an id to resume after; empty: none.
  std::string last_event_id;
  // `earliest` or `latest`; empty: the topic's own.
  std::string from;
  // The last so many; below 0: not set.
  int last = -1;
  // How often the bridge is asked for a sign of life, in whole seconds, 1 s to
  // 60 s. Three that are missing are a lost connection.
  absl::Duration heartbeat = absl::Seconds(15);
  ReconnectOptions reconnect;
  // As SluiceStream has it.
  std::string error_event;
  // No notes on gaps and on connections that are lost and made again.
  bool quiet = false;
};

// Prints until the topic ends, or all of several topics (with a pattern:
// never), the connection is lost for good or Ctrl-C. Blocks until then; returns
// the exit code.
int RunSub(const SubOptions& options, const Endpoints& endpoints, const Io& io);

}  // namespace sluice
