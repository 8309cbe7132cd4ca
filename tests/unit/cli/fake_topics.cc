#include "tests/unit/cli/fake_topics.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// Keeps the request, and answers with the page of its number.
template <typename Request, typename Response>
void Answer(const Request& request, std::vector<Request>& requests,
            const std::vector<Response>& pages, Response& response) {
  if (requests.size() < pages.size()) response = pages[requests.size()];
  requests.push_back(request);
}

}  // namespace

FakeTopics::FakeTopics() {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  target_ = absl::StrCat("127.0.0.1:", port);
}

FakeTopics::~FakeTopics() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

grpc::Status FakeTopics::ListTopics(grpc::ServerContext* context,
                                    const v1::ListTopicsRequest* request,
                                    v1::ListTopicsResponse* response) {
  Answer(*request, listed, topics, *response);
  while (hang && !context->IsCancelled()) std::this_thread::yield();
  return status;
}

grpc::Status FakeTopics::ListEvents(grpc::ServerContext*,
                                    const v1::ListEventsRequest* request,
                                    v1::ListEventsResponse* response) {
  Answer(*request, read, events, *response);
  return status;
}

grpc::Status FakeTopics::EndTopic(grpc::ServerContext*,
                                  const v1::EndTopicRequest* request,
                                  v1::EndTopicResponse*) {
  ended.push_back(*request);
  return status;
}

grpc::Status FakeTopics::DeleteTopic(grpc::ServerContext*,
                                     const v1::DeleteTopicRequest* request,
                                     v1::DeleteTopicResponse*) {
  deleted.push_back(*request);
  return status;
}

}  // namespace sluice
