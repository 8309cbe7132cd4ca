#pragma once

#include <netinet/in.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "bridge/net/event_loop.h"
#include "tests/load/fleet_client.h"
#include "tests/load/steady_us.h"
#include "tests/load/stream_check.h"

namespace sluice {

// How the clients of a group behave.
struct ClientOptions {
  std::string target;
  std::string accept = "text/event-stream";

  // They read everything, unless one of these says otherwise.
  bool never = false;             // not a byte
  uint64_t stop_after = 0;        // bytes; 0: no stop
  uint64_t bytes_per_second = 0;  // 0: as they come

  int receive_buffer = 0;   // SO_RCVBUF; 0: the kernel's default
  bool comes_back = false;  // after the last `retry`, as an EventSource does
};

// What all clients of a fleet share.
struct FleetNetwork {
  EventLoop& loop;
  const sockaddr_in server;  // on the loopback interface
  uint64_t connections = 0;  // so far
  std::vector<char> scratch = std::vector<char>(256 << 10);
};

// Clients that do the same, and what came of it.
//
// Thread safety: none; the loop's.
// Lifetime: `network` must outlive it.
class FleetGroup final : private Timer {
 public:
  // Of connections, not of clients.
  struct Counts {
    uint64_t attempts = 0;
    uint64_t refused = 0;
    uint64_t ended = 0;  // closed by the server, in an orderly way
    uint64_t reset = 0;

    // Of those that ended or were reset:
    uint64_t unanswered = 0;
    uint64_t cut = 0;  // within the head, a chunk or an event
    uint64_t last_chunk = 0;
    uint64_t done = 0;
    uint64_t told_retry = 0;  // as their last words
  };

  FleetGroup(FleetNetwork& network, ClientOptions options);

  void Add(size_t count);

  // Connects some of those that are planned; true if some are left.
  bool ConnectSome();

  // All of them read everything from now on.
  void Resume();

  // Forgets how long deliveries took.
  void ClearLatency() { tally_.latency = Latency(); }

  // The last of all. The group must live until the turn is over.
  void Close(bool reset);

  // A line of JSON.
  std::string Report() const;

  // For clients.
  FleetNetwork& network() { return network_; }
  const ClientOptions& options() const { return options_; }
  Tally& tally() { return tally_; }
  // How much more may be read as it comes, behind `read` bytes.
  uint64_t Allowed(uint64_t read) const;
  void OnFirstOpened() { opened_us_ = SteadyUs() - added_us_; }
  void CountEnd(const StreamCheck& stream);

  Counts counts;

 private:
  void OnTimer() override;

  FleetNetwork& network_;
  ClientOptions options_;
  Tally tally_;
  int64_t added_us_ = 0;
  int64_t opened_us_ = 0;                 // from then until the last was open
  absl::flat_hash_set<int64_t> retries_;  // of last words
  std::vector<std::unique_ptr<FleetClient>> clients_;
  size_t connected_ = 0;  // so many, the first ones, were told to connect
};

}  // namespace sluice
