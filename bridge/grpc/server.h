#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bridge/grpc/acceptor.h"
#include "bridge/grpc/call_queue.h"
#include "bridge/grpc/health.h"
#include "bridge/grpc/publisher_service.h"
#include "bridge/grpc/reflection.h"
#include "bridge/grpc/subscriber_service.h"
#include "bridge/grpc/topic_service.h"
#include "bridge/hub/hub.h"

namespace sluice {

struct GrpcServerOptions {
  std::string listen = "127.0.0.1:50051";  // HOST:PORT; 0: any free port
  PublishOptions publish;
  SubscribeOptions subscribe;
  TopicRules topic_rules;  // the store's
  size_t max_connections = 1000;
  int max_streams = 1000;                        // open calls on one connection
  absl::Duration keepalive = absl::Seconds(30);  // how often peers are pinged
  size_t memory = 256 << 20;  // bytes of buffers, about, of all connections
};

// The producers' side of the bridge: the contract's services, health and
// reflection on one port.
//
// Thread safety: Start, Drain and the destructor are for one thread; port()
// then for any.
// Lifetime: the hub and its store must outlive it.
class GrpcServer {
 public:
  GrpcServer(Hub& hub, const GrpcServerOptions& options);

  // Stops at once: Drain(0).
  ~GrpcServer();

  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  // Listens. Unavailable, naming the address, if it cannot.
  absl::Status Start();

  // The port that was bound.
  int port() const { return acceptor_.port(); }

  // Health turns to NOT_SERVING, new calls are refused and clients sent away
  // (GOAWAY). Blocks until the last call has finished; those still there after
  // `at_most` are cancelled.
  void Drain(absl::Duration at_most);

 private:
  const GrpcServerOptions options_;
  GrpcAcceptor acceptor_;

  // In the order of their lifetime: the queues call the services.
  PublisherService publisher_;
  TopicService topics_;
  SubscriberService subscriber_;
  HealthService health_;
  ReflectionService reflection_;
  ServerCall::Methods methods_;
  grpc::AsyncGenericService calls_;
  std::vector<std::unique_ptr<CallQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sluice
