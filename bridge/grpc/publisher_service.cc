#include "bridge/grpc/publisher_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/base/random.h"
#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice {
namespace {

void Set(const PublishTotals& stored,
         v1::PublishWithFeedbackResponse& response) {
  v1::Ack& ack = *response.mutable_ack();
  ack.set_requests(stored.requests);
  ack.set_accepted(stored.accepted);
  ack.set_duplicates(stored.duplicates);
  ack.set_last_cursor(stored.LastCursorText());
}

void Set(const Interest& interest, v1::PublishWithFeedbackResponse& response) {
  response.mutable_interest()->set_topic(interest.topic);
  response.mutable_interest()->set_subscribers(interest.subscribers);
}

void Set(const Stop& stop, v1::PublishWithFeedbackResponse& response) {
  response.mutable_stop()->set_topic(stop.topic);
  response.mutable_stop()->set_reason(stop.reason);
}

// How a call that has no error ends.
template <typename Response>
void FinishWith(const PublishTotals& stored, ServerCall& call) {
  Response response;
  response.set_accepted(stored.accepted);
  response.set_duplicates(stored.duplicates);
  response.set_last_cursor(stored.LastCursorText());
  call.Finish(response);
}

template <>
void FinishWith<v1::PublishWithFeedbackResponse>(const PublishTotals&,
                                                 ServerCall& call) {
  call.Finish(absl::OkStatus());
}

// Between gRPC and a PublishCall. A call of PublishBatch is a stream of one
// request.
template <typename Response>
class PublishHandler final : public ServerCall::Handler,
                             public PublishCall::Peer {
 public:
  explicit PublishHandler(ServerCall& call) : call_(call) {}

  void Start(std::shared_ptr<PublishCall> publish) {
    publish_ = std::move(publish);
    publish_->Start();
  }

  void OnReadDone(bool ok) override {
    if (ok) return publish_->OnRequest(call_.request());
    // A broken frame and a lost connection end the reading, too.
    if (call_.is_cancelled()) return publish_->OnCancel();
    publish_->OnHalfClose();
  }
  void OnWriteDone(bool ok) override { publish_->OnWritten(ok); }
  void OnCancel() override { publish_->OnCancel(); }

  void Read() override { call_.StartRead(); }
  void Write(const PublishCall::Feedback& feedback) override {
    v1::PublishWithFeedbackResponse response;
    absl::visit([&](const auto& told) { Set(told, response); }, feedback);
    call_.StartWrite(response);
  }
  void Finish(const absl::Status& status,
              const PublishTotals& stored) override {
    if (status.ok()) return FinishWith<Response>(stored, call_);
    // How many events the requests before the bad one have stored.
    call_.AddTrailingMetadata("sluice-accepted",
                              std::to_string(stored.accepted));
    call_.Finish(status);
  }

 private:
  ServerCall& call_;
  std::shared_ptr<PublishCall> publish_;
};

}  // namespace

PublisherService::PublisherService(Hub& hub, const PublishOptions& options)
    : hub_(hub), options_(options), next_holder_((RandomNumber() >> 1) | 1) {}

template <typename Response>
ServerCall::Method PublisherService::Method(bool gives_feedback) {
  return [this, gives_feedback](ServerCall& call) {
    auto handler = std::make_shared<PublishHandler<Response>>(call);
    handler->Start(std::make_shared<PublishCall>(hub_, options_, next_holder_++,
                                                 gives_feedback, *handler));
    return handler;
  };
}

void PublisherService::AddTo(ServerCall::Methods& methods) {
  const std::string service =
      absl::StrCat("/", v1::PublisherService::service_full_name(), "/");
  methods[service + "Publish"] =
      Method<v1::PublishResponse>(/*gives_feedback=*/false);
  methods[service + "PublishBatch"] =
      Method<v1::PublishBatchResponse>(/*gives_feedback=*/false);
  methods[service + "PublishWithFeedback"] =
      Method<v1::PublishWithFeedbackResponse>(/*gives_feedback=*/true);
}

}  // namespace sluice
