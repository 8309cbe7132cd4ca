#pragma once

#include <netinet/in.h>

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "bridge/net/event_loop.h"
#include "tests/load/fleet_group.h"

namespace sluice {

// Many readers of event streams in one thread, in named groups.
//
// Thread safety: none; the loop's.
class Fleet {
 public:
  // The loop must outlive the fleet.
  Fleet(EventLoop& loop, const sockaddr_in& server) : network_{loop, server} {}

  // Adds `count` clients to a group; those of one group behave alike. They
  // connect a few hundred a turn.
  void Open(const std::string& group, size_t count,
            const ClientOptions& options);

  // Null if there is none of that name.
  FleetGroup* Find(const std::string& group);

  // Closes all of a group's connections and forgets it. `reset`: without saying
  // goodbye.
  void Close(const std::string& group, bool reset);

  // The loop's turn is over; true if there is more to do.
  bool EndTurn();

 private:
  FleetNetwork network_;
  absl::flat_hash_map<std::string, std::unique_ptr<FleetGroup>> groups_;
};

}  // namespace sluice
