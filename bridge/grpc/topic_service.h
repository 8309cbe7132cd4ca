#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "bridge/event/topic_rules.h"
#include "bridge/grpc/unary_reply.h"
#include "bridge/hub/hub.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {

using RawTopicService = v1::TopicService::WithRawCallbackMethod_CreateTopic<
    v1::TopicService::WithRawCallbackMethod_GetTopic<
        v1::TopicService::WithRawCallbackMethod_ListTopics<
            v1::TopicService::WithRawCallbackMethod_EndTopic<
                v1::TopicService::WithRawCallbackMethod_DeleteTopic<
                    v1::TopicService::WithRawCallbackMethod_ListEvents<
                        v1::TopicService::Service>>>>>>;

// sluice.v1.TopicService: topics as things. The store knows them, the hub who
// reads and who writes.
//
// Thread safety: gRPC's threads call it. Nothing blocks.
// Lifetime: the hub must outlive it and what it asks of the store, and it must
// outlive the server.
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

  grpc::ServerUnaryReactor* ListTopics(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;

  grpc::ServerUnaryReactor* EndTopic(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

  grpc::ServerUnaryReactor* DeleteTopic(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

  grpc::ServerUnaryReactor* ListEvents(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;

 private:
  // Answers with what the store knows of `topic` now; NotFound if it is not
  // there.
  template <typename Response>
  void Describe(const std::string& topic, std::shared_ptr<UnaryReply> reply);
  v1::Topic ToMessage(const std::string& topic,
                      const absl::optional<TopicInfo>& info,
                      const TopicSettings& settings) const;

  Hub& hub_;
  const TopicRules rules_;
};

}  // namespace sluice
