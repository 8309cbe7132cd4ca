// A gRPC server in the process that keeps what it is sent, and fails on demand:
// the bridge as `pub` and `relay` see it.
#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "bridge/base/mutex.h"
#include "clients/cli/io.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {

class FakeBridge final : public v1::PublisherService::Service,
                         public v1::TopicService::Service {
 public:
  FakeBridge();
  ~FakeBridge() override;

  Endpoints endpoints() const { return {target_, "http://localhost:1"}; }

  // Answers a publishing call with `status` as soon as it has taken so many
  // requests; the trailing metadata says that `accepted` events are stored.
  void FailAfter(int requests, grpc::Status status, int accepted);
  // Answers CreateTopic so.
  void SetCreateStatus(grpc::Status status);
  // Says at the end of a call that it has stored nothing.
  void Forget();
  // Sent after the first request of a PublishWithFeedback call.
  void SendStop(std::string reason);

  // Tells the open PublishWithFeedback call so; blocks until there is one whose
  // first request has come.
  void SetReaders(uint64_t readers);
  void AskToStop(std::string reason);

  // Blocks until `count` events have come.
  void WaitForEvents(size_t count);

  std::vector<v1::PublishRequest> requests() const;
  std::vector<v1::Event> events() const;
  // The texts of the events.
  std::vector<std::string> texts() const;
  // The end, if one came.
  absl::optional<v1::End> end() const;
  std::vector<v1::CreateTopicRequest> created() const;
  // Whether the last call came to its half-close.
  bool half_closed() const;

 private:
  using FeedbackStream =
      grpc::ServerReaderWriter<v1::PublishWithFeedbackResponse,
                               v1::PublishWithFeedbackRequest>;

  grpc::Status Publish(grpc::ServerContext* context,
                       grpc::ServerReader<v1::PublishRequest>* reader,
                       v1::PublishResponse* response) override;
  grpc::Status PublishWithFeedback(grpc::ServerContext* context,
                                   FeedbackStream* stream) override;
  grpc::Status CreateTopic(grpc::ServerContext* context,
                           const v1::CreateTopicRequest* request,
                           v1::CreateTopicResponse* response) override;

  void Tell(const v1::PublishWithFeedbackResponse& feedback);
  // Keeps a request. The status that the call fails with now, if it does.
  absl::optional<grpc::Status> Take(grpc::ServerContext& context,
                                    v1::PublishRequest request);
  uint64_t Accepted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<v1::PublishRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::CreateTopicRequest> created_ ABSL_GUARDED_BY(mutex_);
  int fail_after_ ABSL_GUARDED_BY(mutex_) = -1;
  grpc::Status failure_ ABSL_GUARDED_BY(mutex_);
  int failure_accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  grpc::Status create_status_ ABSL_GUARDED_BY(mutex_);
  absl::optional<std::string> stop_ ABSL_GUARDED_BY(mutex_);
  bool forget_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  // The open call with feedback, once it is named.
  FeedbackStream* feedback_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::string target_;
  std::unique_ptr<grpc::Server> server_;
};

// A google.rpc.Status with one BadRequest, as the bridge puts it into
// `grpc-status-details-bin`.
std::string BadRequestDetails(const std::string& field,
                              const std::string& description);

}  // namespace sluice
