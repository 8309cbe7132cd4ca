#include "clients/cli/create_topic.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/status_text.h"
#include "clients/cli/unary_call.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {
absl::optional<std::string> CreateTopic(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const std::string& target, const Interrupt& interrupt) {
  v1::CreateTopicRequest request;
  request.set_topic(topic);
  request.set_replace_ended(true);
  v1::CreateTopicResponse response;
  const auto stub = v1::TopicService::NewStub(channel);
  const grpc::Status status = CallUnary(interrupt, [&](auto* context,
                                                       auto done) {
    stub->async()->CreateTopic(context, &request, &response, std::move(done));
  });
  if (status.ok()) return absl::nullopt;
  if (status.error_code() == grpc::StatusCode::ALREADY_EXISTS) {
    return absl::StrCat(
        "ALREADY_EXISTS: the topic ", topic,
        " is still open; --new replaces only one that has ended");
  }
  return Describe(status, target);
}

absl::optional<std::string> CheckOpen(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const Interrupt& interrupt) {
  v1::GetTopicRequest request;
  request.set_topic(topic);
  v1::GetTopicResponse response;
  const auto stub = v1::TopicService::NewStub(channel);
  const grpc::Status status =
      CallUnary(interrupt, [&](auto* context, auto done) {
        stub->async()->GetTopic(context, &request, &response, std::move(done));
      });
  // Whatever is wrong besides, the publishing call says it, too.
  if (!status.ok() || response.topic().state() == v1::TOPIC_STATE_OPEN)
    return absl::nullopt;
  return absl::StrCat("FAILED_PRECONDITION: the topic ", topic,
                      " has ended; --new begins it again");
}

}  // namespace sluice
