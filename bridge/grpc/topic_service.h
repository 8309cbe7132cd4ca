#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "bridge/event/topic_rules.h"
#include "bridge/hub/hub.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {

using RawTopicService = v1::TopicService::WithRawCallbackMethod_CreateTopic<
    v1::TopicService::WithRawCallbackMethod_GetTopic<
        v1::TopicService::Service>>;

// sluice.v1.TopicService: topics as things. The store knows them, the hub who
// reads, the publishing calls who writes. What is not overridden here answers
// UNIMPLEMENTED.
//
// Thread safety: gRPC's threads call it. Nothing blocks.
// Lifetime: the hub must outlive it, and it must outlive the server; answers
// that the store gives later touch neither.
class TopicService final : public RawTopicService {
 public:
  // `rules`: what a topic gets that says nothing itself.
  TopicService(Hub& hub, TopicRules rules);

  grpc::ServerUnaryReactor* CreateTopic(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

  grpc::ServerUnaryReactor* GetTopic(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  Hub& hub_;
  const TopicRules rules_;
};

}  // namespace sluice
