// A gRPC server in the process that answers with canned pages: the bridge's
// TopicService as `topics`, `history`, `end` and `delete` see it.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "clients/cli/io.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {

class FakeTopics final : public v1::TopicService::Service {
 public:
  FakeTopics();
  ~FakeTopics() override;

  Endpoints endpoints() const { return {target_, "http://localhost:1"}; }

  // Before the first call: what the calls are answered with, one after the
  // other. What is left out is empty, and `status` is that of each call.
  std::vector<v1::ListTopicsResponse> topics;
  std::vector<v1::ListEventsResponse> events;
  grpc::Status status;
  // ListTopics is never answered.
  bool hang = false;

  // After the last call: what was asked.
  std::vector<v1::ListTopicsRequest> listed;
  std::vector<v1::ListEventsRequest> read;
  std::vector<v1::EndTopicRequest> ended;
  std::vector<v1::DeleteTopicRequest> deleted;

 private:
  grpc::Status ListTopics(grpc::ServerContext* context,
                          const v1::ListTopicsRequest* request,
                          v1::ListTopicsResponse* response) override;
  grpc::Status ListEvents(grpc::ServerContext* context,
                          const v1::ListEventsRequest* request,
                          v1::ListEventsResponse* response) override;
  grpc::Status EndTopic(grpc::ServerContext* context,
                        const v1::EndTopicRequest* request,
                        v1::EndTopicResponse* response) override;
  grpc::Status DeleteTopic(grpc::ServerContext* context,
                           const v1::DeleteTopicRequest* request,
                           v1::DeleteTopicResponse* response) override;

  std::string target_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sluice
