#include "bridge/grpc/publisher_service.h"

#include <string>
#include <utility>

#include "bridge/base/random.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"

namespace sluice {
namespace {

// How many events the requests before the bad one have stored.
void AddAccepted(const absl::Status& status, const PublishTotals& stored,
                 grpc::CallbackServerContext& context) {
  if (status.ok()) return;
  context.AddTrailingMetadata("sluice-accepted",
                              std::to_string(stored.accepted));
}

template <typename Response>
grpc::ByteBuffer Respond(const PublishTotals& stored) {
  Response response;
  response.set_accepted(stored.accepted);
  response.set_duplicates(stored.duplicates);
  response.set_last_cursor(stored.LastCursorText());
  return ToBytes(response);
}

// What a stream's reactor does with the end of the reading: a broken frame and
// a lost connection end it too.
void OnReadEnd(const grpc::CallbackServerContext& context, PublishCall& call) {
  if (context.IsCancelled()) {
    call.OnCancel();
  } else {
    call.OnHalfClose();
  }
}

class StreamReactor final : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                            public PublishCall::Peer {
 public:
  StreamReactor(grpc::CallbackServerContext& context,
                grpc::ByteBuffer& response)
      : context_(context), response_(response) {}

  void Start(std::shared_ptr<PublishCall> call) {
    call_ = std::move(call);
    call_->Start();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return OnReadEnd(context_, *call_);
    call_->OnRequest(request_);
  }
  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override { delete this; }

  void Read() override { StartRead(&request_); }
  void Write(const PublishCall::Feedback&) override {}
  void Finish(const absl::Status& status,
              const PublishTotals& stored) override {
    AddAccepted(status, stored, context_);
    if (status.ok()) response_ = Respond<v1::PublishResponse>(stored);
    ServerReadReactor::Finish(ToGrpcStatus(status));
  }

 private:
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& response_;
  grpc::ByteBuffer request_;
  std::shared_ptr<PublishCall> call_;
};

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

class FeedbackReactor final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public PublishCall::Peer {
 public:
  explicit FeedbackReactor(grpc::CallbackServerContext& context)
      : context_(context) {}

  void Start(std::shared_ptr<PublishCall> call) {
    call_ = std::move(call);
    call_->Start();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return OnReadEnd(context_, *call_);
    call_->OnRequest(request_);
  }
  void OnWriteDone(bool ok) override { call_->OnWritten(ok); }
  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override { delete this; }

  void Read() override { StartRead(&request_); }
  void Write(const PublishCall::Feedback& feedback) override {
    v1::PublishWithFeedbackResponse response;
    absl::visit([&](const auto& told) { Set(told, response); }, feedback);
    response_ = ToBytes(response);
    StartWrite(&response_);
  }
  void Finish(const absl::Status& status,
              const PublishTotals& stored) override {
    AddAccepted(status, stored, context_);
    ServerBidiReactor::Finish(ToGrpcStatus(status));
  }

 private:
  grpc::CallbackServerContext& context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::shared_ptr<PublishCall> call_;
};

// A stream of one request.
class BatchReactor final : public grpc::ServerUnaryReactor,
                           public PublishCall::Peer {
 public:
  BatchReactor(grpc::CallbackServerContext& context,
               const grpc::ByteBuffer& request, grpc::ByteBuffer& response)
      : context_(context), request_(request), response_(response) {}

  void Start(std::shared_ptr<PublishCall> call) {
    call_ = std::move(call);
    call_->Start();
  }

  void OnCancel() override { call_->OnCancel(); }
  void OnDone() override { delete this; }

  void Read() override {
    if (std::exchange(read_, true)) return call_->OnHalfClose();
    call_->OnRequest(request_);
  }
  void Write(const PublishCall::Feedback&) override {}
  void Finish(const absl::Status& status,
              const PublishTotals& stored) override {
    AddAccepted(status, stored, context_);
    if (status.ok()) response_ = Respond<v1::PublishBatchResponse>(stored);
    ServerUnaryReactor::Finish(ToGrpcStatus(status));
  }

 private:
  grpc::CallbackServerContext& context_;
  const grpc::ByteBuffer& request_;
  grpc::ByteBuffer& response_;
  bool read_ = false;
  std::shared_ptr<PublishCall> call_;
};

}  // namespace

PublisherService::PublisherService(Hub& hub, const PublishOptions& options)
    : hub_(hub), options_(options), next_holder_((RandomNumber() >> 1) | 1) {}

std::shared_ptr<PublishCall> PublisherService::NewCall(
    bool gives_feedback, PublishCall::Peer& peer) {
  return std::make_shared<PublishCall>(hub_, options_, next_holder_++,
                                       gives_feedback, peer);
}

grpc::ServerReadReactor<grpc::ByteBuffer>* PublisherService::Publish(
    grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  auto* reactor = new StreamReactor(*context, *response);
  reactor->Start(NewCall(/*gives_feedback=*/false, *reactor));
  return reactor;
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>*
PublisherService::PublishWithFeedback(grpc::CallbackServerContext* context) {
  auto* reactor = new FeedbackReactor(*context);
  reactor->Start(NewCall(/*gives_feedback=*/true, *reactor));
  return reactor;
}

grpc::ServerUnaryReactor* PublisherService::PublishBatch(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
    grpc::ByteBuffer* response) {
  auto* reactor = new BatchReactor(*context, *request, *response);
  reactor->Start(NewCall(/*gives_feedback=*/false, *reactor));
  return reactor;
}

}  // namespace sluice
