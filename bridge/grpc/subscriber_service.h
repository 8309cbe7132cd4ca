#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <memory>
#include <unordered_set>

#include "bridge/base/mutex.h"
#include "bridge/grpc/reader_loop.h"
#include "bridge/grpc/subscribe_call.h"
#include "bridge/hub/hub.h"
#include "sluice/v1/subscriber_service.grpc.pb.h"

namespace sluice {

struct SubscribeOptions {
  size_t max_topics = 64;  // names and patterns of one subscription
  bool require_topics = false;
};

using RawSubscriberService =
    v1::SubscriberService::WithRawCallbackMethod_Subscribe<
        v1::SubscriberService::Service>;

// sluice.v1.SubscriberService: a SubscribeCall behind each stream.
//
// Thread safety: gRPC's threads call it. Nothing blocks.
// Lifetime: the hub must outlive it, and it must outlive the server.
class SubscriberService final : public RawSubscriberService {
 public:
  SubscriberService(Hub& hub, const SubscribeOptions& options);
  ~SubscriberService() override;

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(
      grpc::CallbackServerContext* context,
      const grpc::ByteBuffer* request) override;

  // Sends subscribers away (UNAVAILABLE) once they have all there is.
  void Drain();

  // The subscriptions that are open; kept by their reactors.
  class Calls {
   public:
    // False once it is draining.
    bool Add(SubscribeCall& call);
    void Remove(SubscribeCall& call);
    void Drain();

   private:
    Mutex mutex_;
    bool draining_ ABSL_GUARDED_BY(mutex_) = false;
    std::unordered_set<SubscribeCall*> calls_ ABSL_GUARDED_BY(mutex_);
  };

 private:
  Hub& hub_;
  const SubscribeOptions options_;
  Calls calls_;
  const std::shared_ptr<ReaderLoop> loop_ = std::make_shared<ReaderLoop>();
};

}  // namespace sluice
