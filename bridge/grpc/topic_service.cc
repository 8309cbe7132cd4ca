#include "bridge/grpc/topic_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/base/random.h"
#include "bridge/event/selector.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/topic_message.h"
#include "bridge/grpc/unary_reply.h"
#include "bridge/grpc/wire.h"

namespace sluice {
namespace {

absl::Status NotAMessage() {
  return absl::InvalidArgumentError(
      "the request cannot be parsed: it is not a message of its type, has a "
      "string that is not UTF-8, or nests too deeply");
}

// Who uses a topic, counted when the call comes: the store may answer when
// those who count are gone.
struct Use {
  uint64_t subscribers = 0;
  uint64_t producers = 0;

  void SetIn(v1::Topic& topic) const {
    topic.set_subscribers(subscribers);
    topic.set_producers(producers);
  }
};

}  // namespace

TopicService::TopicService(Hub& hub, TopicRules rules)
    : hub_(hub), rules_(std::move(rules)) {}

grpc::ServerUnaryReactor* TopicService::CreateTopic(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request_bytes,
    grpc::ByteBuffer* response) {
  const auto reply = UnaryReply::New(response);
  v1::CreateTopicRequest request;
  if (!ParseMessage(*request_bytes, request)) return reply->Fail(NotAMessage());

  const std::string topic =
      request.topic().empty() ? RandomName() : request.topic();
  if (auto status = CheckWritableTopic(topic); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }
  auto settings = ToSettings(request.settings(), rules_.For(topic));
  if (!settings.ok()) {
    return reply->Fail(AtField(settings.status(), "settings"));
  }

  const Use use{hub_.Subscribers(topic), hub_.producers().Count(topic)};
  hub_.store().Create(topic, *std::move(settings), request.replace_ended(),
                      [reply, topic, use, epoch = hub_.store().epoch()](
                          absl::StatusOr<TopicInfo> info) {
                        if (!info.ok()) {
                          reply->Fail(info.status());
                          return;
                        }
                        v1::CreateTopicResponse message;
                        *message.mutable_topic() = ToProto(topic, *info, epoch);
                        use.SetIn(*message.mutable_topic());
                        reply->Answer(message);
                      });
  return reply.get();
}

grpc::ServerUnaryReactor* TopicService::GetTopic(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request_bytes,
    grpc::ByteBuffer* response) {
  const auto reply = UnaryReply::New(response);
  v1::GetTopicRequest request;
  if (!ParseMessage(*request_bytes, request)) return reply->Fail(NotAMessage());

  const std::string& topic = request.topic();
  if (auto status = CheckTopic(topic); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }

  const Use use{hub_.Subscribers(topic), hub_.producers().Count(topic)};
  hub_.store().Describe(
      topic, /*id=*/"", /*last=*/0,
      [reply, topic, use,
       epoch = hub_.store().epoch()](Store::Description description) {
        v1::GetTopicResponse message;
        v1::Topic& proto = *message.mutable_topic();
        if (description.info.has_value()) {
          proto = ToProto(topic, *description.info, epoch);
        } else if (use.subscribers > 0) {
          // The store knows nothing of a topic that readers alone hold.
          proto.set_name(topic);
          proto.set_state(v1::TOPIC_STATE_OPEN);
          *proto.mutable_settings() = ToProto(description.settings);
        } else {
          reply->Fail(absl::NotFoundError(
              absl::StrCat("topic ", topic, " is not there")));
          return;
        }
        use.SetIn(proto);
        reply->Answer(message);
      });
  return reply.get();
}

}  // namespace sluice
