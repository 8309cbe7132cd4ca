#pragma once

#include <atomic>
#include <cstdint>

#include "bridge/grpc/publish_call.h"
#include "bridge/grpc/server_call.h"

namespace sluice {

// sluice.v1.PublisherService: a PublishCall behind each call.
//
// Thread safety: the threads of call queues call it. Nothing blocks.
// Lifetime: the hub must outlive it, and it must outlive the server.
class PublisherService {
 public:
  PublisherService(Hub& hub, const PublishOptions& options);

  void AddTo(ServerCall::Methods& methods);

 private:
  template <typename Response>
  ServerCall::Method Method(bool gives_feedback);

  Hub& hub_;
  const PublishOptions options_;
  // Begins anywhere, so that a durable store does not take a call for one of
  // the process before. Never 0, which is nobody.
  std::atomic<uint64_t> next_holder_;
};

}  // namespace sluice
