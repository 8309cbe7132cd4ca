// Answers its calls, which are counted from 1, as a test wants.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice::testing {

class FakeBridge final : private v1::PublisherService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<v1::PublishWithFeedbackResponse,
                                          v1::PublishWithFeedbackRequest>;
  using Answer = std::function<grpc::Status(
      int call, grpc::ServerContext& context, Stream& stream)>;

  explicit FakeBridge(Answer answer) : answer_(std::move(answer)) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    target_ = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeBridge() override {
    server_->Shutdown(std::chrono::system_clock::now());
  }

  const std::string& target() const { return target_; }
  int calls() const { return calls_; }

  // Stores so many requests, or fewer if there are no more.
  static void Acknowledge(Stream& stream, int count) {
    v1::PublishWithFeedbackRequest request;
    v1::PublishWithFeedbackResponse response;
    v1::Ack& ack = *response.mutable_ack();
    for (int n = 0; n < count && stream.Read(&request); ++n) {
      ack.set_requests(ack.requests() + 1);
      ack.set_accepted(ack.accepted() +
                       static_cast<std::uint64_t>(request.events_size()));
      stream.Write(response);
    }
  }

  // Says nothing until the call is cancelled.
  static grpc::Status Hang(Stream& stream) {
    v1::PublishWithFeedbackRequest request;
    while (stream.Read(&request)) {
    }
    return grpc::Status::CANCELLED;
  }

 private:
  grpc::Status PublishWithFeedback(grpc::ServerContext* context,
                                   Stream* stream) override {
    return answer_(++calls_, *context, *stream);
  }

  const Answer answer_;
  std::atomic<int> calls_{0};
  std::string target_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sluice::testing
