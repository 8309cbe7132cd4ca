#include "bridge/grpc/topic_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/base/random.h"
#include "bridge/event/selector.h"
#include "bridge/grpc/delivery_message.h"
#include "bridge/grpc/payload.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/topic_message.h"
#include "bridge/grpc/wire.h"
#include "bridge/hub/history.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {
namespace {

constexpr int kDefaultPage = 100;
constexpr int kMaxPage = 1000;

absl::Status IsNotThere(const std::string& topic) {
  return absl::NotFoundError(absl::StrCat("topic ", topic, " is not there"));
}

// 0: the default. Large ones are cut to what a page may have.
absl::StatusOr<int> ToPageSize(int page_size) {
  if (page_size < 0) {
    return AtField(absl::InvalidArgumentError("a page size is not negative"),
                   "page_size");
  }
  return page_size == 0 ? kDefaultPage : std::min(page_size, kMaxPage);
}

}  // namespace

TopicService::TopicService(Hub& hub, TopicRules rules)
    : hub_(hub), rules_(std::move(rules)) {}

void TopicService::AddTo(ServerCall::Methods& methods) {
  const auto add =
      [&](const char* name,
          void (TopicService::*method)(const grpc::ByteBuffer&, const Reply&)) {
        methods[absl::StrCat("/", v1::TopicService::service_full_name(), "/",
                             name)] =
            UnaryReply::To([this, method](const grpc::ByteBuffer& bytes,
                                          const Reply& reply) {
              (this->*method)(bytes, reply);
            });
      };
  add("CreateTopic", &TopicService::CreateTopic);
  add("GetTopic", &TopicService::GetTopic);
  add("ListTopics", &TopicService::ListTopics);
  add("EndTopic", &TopicService::EndTopic);
  add("DeleteTopic", &TopicService::DeleteTopic);
  add("ListEvents", &TopicService::ListEvents);
}

v1::Topic TopicService::ToMessage(const std::string& topic,
                                  const absl::optional<TopicInfo>& info,
                                  const TopicSettings& settings) const {
  v1::Topic message;
  if (info.has_value()) {
    message = ToProto(topic, *info, hub_.store().epoch());
  } else {
    // The store knows nothing of a topic that readers alone hold.
    message.set_name(topic);
    message.set_state(v1::TOPIC_STATE_OPEN);
    *message.mutable_settings() = ToProto(settings);
  }
  message.set_subscribers(hub_.Subscribers(topic));
  message.set_producers(hub_.producers().Count(topic));
  return message;
}

template <typename Response>
void TopicService::Describe(const std::string& topic, Reply reply) {
  hub_.store().Describe(topic, /*id=*/"", /*last=*/0,
                        [this, reply = std::move(reply),
                         topic](const Store::Description& description) {
                          Response message;
                          *message.mutable_topic() = ToMessage(
                              topic, description.info, description.settings);
                          const bool there =
                              description.info.has_value()
                                  ? !description.info->deleted
                                  : message.topic().subscribers() > 0;
                          if (there) {
                            reply->Answer(message);
                          } else {
                            reply->Fail(IsNotThere(topic));
                          }
                        });
}

void TopicService::CreateTopic(const grpc::ByteBuffer& bytes,
                               const Reply& reply) {
  v1::CreateTopicRequest request;
  if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());

  const std::string topic =
      request.topic().empty() ? RandomName() : request.topic();
  if (auto status = CheckWritableTopic(topic); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }
  auto settings = ToSettings(request.settings(), rules_.For(topic));
  if (!settings.ok()) {
    return reply->Fail(AtField(settings.status(), "settings"));
  }

  hub_.store().Create(topic, *std::move(settings), request.replace_ended(),
                      [this, reply, topic](absl::StatusOr<TopicInfo> info) {
                        if (!info.ok()) {
                          reply->Fail(info.status());
                          return;
                        }
                        v1::CreateTopicResponse message;
                        *message.mutable_topic() =
                            ToMessage(topic, *info, info->settings);
                        reply->Answer(message);
                      });
}

void TopicService::GetTopic(const grpc::ByteBuffer& bytes, const Reply& reply) {
  v1::GetTopicRequest request;
  if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());
  if (auto status = CheckTopic(request.topic()); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }
  Describe<v1::GetTopicResponse>(request.topic(), reply);
}

void TopicService::ListTopics(const grpc::ByteBuffer& bytes,
                              const Reply& reply) {
  v1::ListTopicsRequest request;
  if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());

  const std::string pattern =
      request.pattern().empty() ? ">" : request.pattern();
  if (auto status = CheckPattern(pattern); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "pattern"));
  }
  const auto size = ToPageSize(request.page_size());
  if (!size.ok()) return reply->Fail(size.status());
  // A token is the name that the page before came to.
  if (!request.page_token().empty() && !CheckTopic(request.page_token()).ok()) {
    return reply->Fail(
        AtField(absl::InvalidArgumentError("it is no token of another page"),
                "page_token"));
  }

  hub_.store().List(pattern, request.page_token(), static_cast<size_t>(*size),
                    [this, reply](const Store::Listing& listing) {
                      v1::ListTopicsResponse message;
                      for (const auto& topic : listing.topics) {
                        *message.add_topics() =
                            ToMessage(topic.name, topic.info, topic.settings);
                      }
                      message.set_next_page_token(listing.next);
                      reply->Answer(message);
                    });
}

void TopicService::EndTopic(const grpc::ByteBuffer& bytes, const Reply& reply) {
  v1::EndTopicRequest request;
  if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());
  if (auto status = CheckWritableTopic(request.topic()); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }
  v1::End end;
  if (request.has_error()) *end.mutable_error() = request.error();
  auto parsed = ToEnd(end);
  if (!parsed.ok()) return reply->Fail(parsed.status());

  Store::AppendRequest append;
  append.topic = request.topic();
  append.end = *std::move(parsed);
  append.make_topic = false;
  hub_.store().Append(std::move(append),
                      [this, reply, topic = request.topic()](
                          const absl::StatusOr<Store::Appended>& answer) {
                        if (answer.ok()) {
                          Describe<v1::EndTopicResponse>(topic, reply);
                        } else {
                          reply->Fail(answer.status());
                        }
                      });
}

void TopicService::DeleteTopic(const grpc::ByteBuffer& bytes,
                               const Reply& reply) {
  v1::DeleteTopicRequest request;
  if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());
  if (auto status = CheckWritableTopic(request.topic()); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }
  hub_.store().Delete(request.topic(), [reply](const absl::Status& status) {
    if (status.ok()) {
      reply->Answer(v1::DeleteTopicResponse());
    } else {
      reply->Fail(status);
    }
  });
}

void TopicService::ListEvents(const grpc::ByteBuffer& bytes,
                              const Reply& reply) {
  v1::ListEventsRequest request;
  if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());
  if (auto status = CheckTopic(request.topic()); !status.ok()) {
    return reply->Fail(AtField(std::move(status), "topic"));
  }
  const auto size = ToPageSize(request.page_size());
  if (!size.ok()) return reply->Fail(size.status());
  if (request.last() < 0) {
    return reply->Fail(AtField(
        absl::InvalidArgumentError("a number of events is not negative"),
        "last"));
  }

  HistoryRequest wanted;
  wanted.after = request.after();
  wanted.limit = static_cast<uint64_t>(*size);
  if (request.last() > 0)
    wanted.last = static_cast<uint64_t>(std::min(request.last(), kMaxPage));
  ReadHistory(hub_, request.topic(), wanted,
              [this, reply, topic = request.topic()](const HistoryPage& page) {
                if (!page.there) {
                  reply->Fail(IsNotThere(topic));
                  return;
                }
                const Epoch& epoch = hub_.store().epoch();
                v1::ListEventsResponse message;
                for (const EntryRef& event : page.events)
                  *message.add_events() = ToDelivery(*event, epoch);
                message.set_cursor(Cursor{epoch, page.cursor}.ToString());
                if (page.end != nullptr) {
                  message.set_ended(true);
                  if (const auto& failure = page.end->end().failure)
                    *message.mutable_error() = ToProto(*failure);
                }
                if (page.gap)
                  *message.mutable_gap() = ToProto(*page.gap, {topic}, epoch);
                reply->Answer(message);
              });
}

}  // namespace sluice
