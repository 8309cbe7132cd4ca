#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "tests/bench/load/publisher.h"

namespace sluice::bench {
namespace {

class GrpcPublisher final : public Publisher {
 public:
  GrpcPublisher(uint16_t port, bool hints)
      : hints_(hints),
        stub_(v1::PublisherService::NewStub(
            grpc::CreateChannel(absl::StrCat("127.0.0.1:", port),
                                grpc::InsecureChannelCredentials()))) {}

  ~GrpcPublisher() override {
    if (writer_ != nullptr) (void)Finish();
  }

  absl::Status Publish(const std::string& topic,
                       const std::vector<std::string>& texts, bool end,
                       bool more) override {
    if (writer_ == nullptr) Begin();
    request_.Clear();
    request_.set_topic(topic);
    for (const std::string& text : texts) request_.add_events()->set_text(text);
    if (end) request_.mutable_end();
    grpc::WriteOptions options;
    if (hints_ && more) options.set_buffer_hint();
    if (writer_->Write(request_, options)) return absl::OkStatus();
    return Finish();
  }

  absl::Status Finish() override {
    if (writer_ == nullptr) return absl::OkStatus();
    writer_->WritesDone();
    const grpc::Status status = writer_->Finish();
    writer_ = nullptr;
    return {static_cast<absl::StatusCode>(status.error_code()),
            status.error_message()};
  }

 private:
  void Begin() {
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_wait_for_ready(true);
    writer_ = stub_->Publish(context_.get(), &response_);
  }

  const bool hints_;
  const std::unique_ptr<v1::PublisherService::Stub> stub_;
  v1::PublishRequest request_;
  v1::PublishResponse response_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientWriter<v1::PublishRequest>> writer_;
};

}  // namespace

std::unique_ptr<Publisher> NewGrpcPublisher(uint16_t port, bool hints) {
  return std::make_unique<GrpcPublisher>(port, hints);
}

}  // namespace sluice::bench
