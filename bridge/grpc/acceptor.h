#pragma once

#include <grpcpp/server_builder.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bridge/grpc/log_limit.h"

namespace sluice {

// Where producers connect: the listening sockets, and a thread that hands what
// it accepts there to gRPC. gRPC can listen by itself, but it takes in any
// number of connections, and once the process has no descriptor left for one it
// never accepts again (1.51).
//
// Thread safety: for one thread; port() for any after Listen.
class GrpcAcceptor {
 public:
  using Connections = grpc::experimental::ExternalConnectionAcceptor;

  // What comes when `max_connections` are open is closed at once. A peer that
  // acknowledges nothing for `user_timeout` is gone (TCP_USER_TIMEOUT).
  GrpcAcceptor(size_t max_connections, absl::Duration user_timeout);

  // Stops.
  ~GrpcAcceptor();

  GrpcAcceptor(const GrpcAcceptor&) = delete;
  GrpcAcceptor& operator=(const GrpcAcceptor&) = delete;

  // Takes the port of `address`, HOST:PORT, on all that HOST stands for; an
  // empty one is every interface, and port 0 any free one. Clients can connect
  // and wait from then on. Unavailable, naming the address, if it is in use or
  // is not of this machine.
  absl::Status Listen(const std::string& address);

  // The port that was taken.
  int port() const { return port_; }

  // Starts to accept. The server that `connections` is of has started.
  void Start(std::unique_ptr<Connections> connections);

  // Accepts no more, and gives the port up; before the server shuts down, or
  // connections would be lost in between. Blocks until the thread is gone.
  void Stop();

 private:
  void Run();
  // False if it could not go on for want of descriptors.
  bool AcceptSome(int listening);
  void HandOver(int listening, int fd);
  bool HasRoom();

  const size_t max_connections_;
  const absl::Duration user_timeout_;
  std::vector<int> listening_;
  int stop_ = -1;  // an eventfd
  int port_ = 0;
  std::unique_ptr<Connections> connections_;

  // The thread's own. gRPC does not say when it has closed a connection: it has
  // if the descriptor is no longer that socket.
  absl::flat_hash_map<int, std::pair<dev_t, ino_t>> open_;
  std::chrono::steady_clock::time_point next_look_;
  LogLimit refused_log_;
  LogLimit paused_log_;

  std::thread thread_;
};

}  // namespace sluice
