#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <future>
#include <memory>
#include <thread>

#include "bridge/grpc/server_call.h"

namespace sluice {

// Takes calls of a server and serves them, on one completion queue and one
// thread.
//
// Thread safety: for the server's thread.
// Lifetime: made before the server and started after it. The server's Shutdown
// must come before Stop; `service` and `methods` must outlive the queue.
class CallQueue {
 public:
  // `service` is the builder's.
  CallQueue(grpc::ServerBuilder& builder, grpc::AsyncGenericService& service,
            const ServerCall::Methods& methods);
  CallQueue(const CallQueue&) = delete;
  CallQueue& operator=(const CallQueue&) = delete;

  void Start();

  // Blocks until the last call is done.
  void Stop();

 private:
  void Run();
  void Accept();

  grpc::AsyncGenericService& service_;
  const ServerCall::Methods& methods_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  size_t calls_ = 0;  // those that are not done, and one that waits to come
  std::promise<void> last_call_done_;
  std::thread thread_;
};

}  // namespace sluice
