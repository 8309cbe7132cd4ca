#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bridge/net/socket.h"
#include "tests/stress/storm_client.h"

namespace sluice {

// All clients of a storm, on the one thread that calls Turn.
class Fleet {
 public:
  Fleet();

  void Add(std::unique_ptr<StormClient> client);

  // Lets each client do what it can now, and drops those that are done.
  void Turn();

  // For clients: `client` hears of its socket until that is closed, edge by
  // edge.
  void Watch(const Fd& fd, StormClient& client);

  int64_t now_ms() const { return now_ms_; }
  // It has not had its turn for so long that the server may have taken its
  // readers for gone.
  bool lagged() const { return now_ms_ - lagged_at_ms_ < 5000; }
  size_t size() const { return clients_.size(); }
  const std::vector<std::unique_ptr<StormClient>>& clients() const {
    return clients_;
  }

 private:
  const Fd epoll_;
  int64_t now_ms_ = 0;
  int64_t lagged_at_ms_ = -5000;
  std::vector<std::unique_ptr<StormClient>> clients_;
};

}  // namespace sluice
