#pragma once

#include <memory>
#include <string>

#include "bridge/event/topic_rules.h"
#include "bridge/grpc/unary_reply.h"
#include "bridge/hub/hub.h"
#include "sluice/v1/topic_service.pb.h"

namespace sluice {

// sluice.v1.TopicService: topics as things. The store knows them, the hub who
// reads and who writes.
//
// Thread safety: the threads of call queues call it. Nothing blocks.
// Lifetime: the hub must outlive it and what it asks of the store, and it must
// outlive the server.
class TopicService {
 public:
  // `rules`: what a topic gets that says nothing itself.
  TopicService(Hub& hub, TopicRules rules);

  void AddTo(ServerCall::Methods& methods);

 private:
  using Reply = std::shared_ptr<UnaryReply>;

  void CreateTopic(const grpc::ByteBuffer& bytes, const Reply& reply);
  void GetTopic(const grpc::ByteBuffer& bytes, const Reply& reply);
  void ListTopics(const grpc::ByteBuffer& bytes, const Reply& reply);
  void EndTopic(const grpc::ByteBuffer& bytes, const Reply& reply);
  void DeleteTopic(const grpc::ByteBuffer& bytes, const Reply& reply);
  void ListEvents(const grpc::ByteBuffer& bytes, const Reply& reply);

  // Answers with what the store knows of `topic` now; NotFound if it is not
  // there.
  template <typename Response>
  void Describe(const std::string& topic, Reply reply);
  v1::Topic ToMessage(const std::string& topic,
                      const absl::optional<TopicInfo>& info,
                      const TopicSettings& settings) const;

  Hub& hub_;
  const TopicRules rules_;
};

}  // namespace sluice
