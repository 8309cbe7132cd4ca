#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bridge/config/config.h"
#include "bridge/grpc/message_types.h"
#include "bridge/grpc/server.h"
#include "bridge/http/http_server.h"
#include "bridge/hub/hub.h"
#include "bridge/store/store.h"

namespace sluice {

// The whole server: owns all parts, and is the only place that picks a store.
//
// Thread safety: the methods are for one thread, which owns it.
class Bridge {
 public:
  // Starts all parts, and serves when it returns. FailedPrecondition or
  // Unavailable, naming the address, if one cannot be listened on;
  // InvalidArgument, naming it, for a descriptor_set that is none. Blocks on
  // that file.
  static absl::StatusOr<std::unique_ptr<Bridge>> Start(const Config& config);

  // Stops at once.
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  int grpc_port() const { return grpc_->port(); }
  int http_port() const { return http_->port(); }

  // Takes leave: not ready, producers are sent away, readers are told to come
  // back. Blocks until nobody is connected, for the `drain` setting at the
  // most.
  void Drain();

 private:
  Bridge(const Config& config,
         std::shared_ptr<const MessageTypes> message_types);

  const Config config_;

  // In the order of their lifetime: each uses those above it.
  Hub hub_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<GrpcServer> grpc_;
};

}  // namespace sluice
