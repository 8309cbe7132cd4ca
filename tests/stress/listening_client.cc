#include "tests/stress/listening_client.h"

#include <grpcpp/grpcpp.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "bridge/base/mutex.h"
#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice {
namespace {

class GrpcListeningClient final : public ListeningClient {
 public:
  GrpcListeningClient(int port, const std::string& topic) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::PublisherService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(),
        arguments));
    context_.set_wait_for_ready(true);
    call_ = stub_->PublishWithFeedback(&context_);
    v1::PublishWithFeedbackRequest request;
    request.set_topic(topic);
    call_->Write(request);
    reader_ = std::thread([this] { Read(); });
  }
  ~GrpcListeningClient() override {
    if (reader_.joinable()) Finish();
  }

  bool stands() override {
    MutexLock lock(mutex_);
    return acknowledged_ && told_.has_value();
  }
  absl::optional<bool> told() override {
    MutexLock lock(mutex_);
    return told_;
  }
  uint64_t stops() override {
    MutexLock lock(mutex_);
    return stops_;
  }

  bool Finish() override {
    call_->WritesDone();
    reader_.join();
    return call_->Finish().ok();
  }

 private:
  void Read() {
    v1::PublishWithFeedbackResponse response;
    while (call_->Read(&response)) {
      MutexLock lock(mutex_);
      if (response.has_ack()) acknowledged_ = true;
      if (response.has_interest())
        told_ = response.interest().subscribers() > 0;
      if (response.has_stop()) ++stops_;
    }
  }

  grpc::ClientContext context_;
  std::unique_ptr<v1::PublisherService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishWithFeedbackRequest,
                                           v1::PublishWithFeedbackResponse>>
      call_;
  std::thread reader_;
  Mutex mutex_;
  bool acknowledged_ ABSL_GUARDED_BY(mutex_) = false;
  absl::optional<bool> told_ ABSL_GUARDED_BY(mutex_);
  uint64_t stops_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<ListeningClient> NewListeningClient(int port,
                                                    const std::string& topic) {
  return std::make_unique<GrpcListeningClient>(port, topic);
}

}  // namespace sluice
