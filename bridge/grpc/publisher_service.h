#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "bridge/grpc/publish_call.h"
#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice {

using RawPublisherService = v1::PublisherService::WithRawCallbackMethod_Publish<
    v1::PublisherService::WithRawCallbackMethod_PublishWithFeedback<
        v1::PublisherService::WithRawCallbackMethod_PublishBatch<
            v1::PublisherService::Service>>>;

// sluice.v1.PublisherService: a PublishCall behind each method, fed with raw
// bytes. (With the generated methods a message that does not parse would look
// like a half-close, and the client would get OK.)
//
// Thread safety: gRPC's threads call it. Nothing blocks.
// Lifetime: the hub must outlive it, and it must outlive the server.
class PublisherService final : public RawPublisherService {
 public:
  PublisherService(Hub& hub, const PublishOptions& options);

  grpc::ServerReadReactor<grpc::ByteBuffer>* Publish(
      grpc::CallbackServerContext* context,
      grpc::ByteBuffer* response) override;

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
  PublishWithFeedback(grpc::CallbackServerContext* context) override;

  grpc::ServerUnaryReactor* PublishBatch(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;

 private:
  std::shared_ptr<PublishCall> NewCall(bool gives_feedback,
                                       PublishCall::Peer& peer);

  Hub& hub_;
  const PublishOptions options_;
  // Begins anywhere, so that a durable store does not take a call for one of
  // the process before. Never 0, which is nobody.
  std::atomic<uint64_t> next_holder_;
};

}  // namespace sluice
