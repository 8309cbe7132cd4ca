#include "sluice/publish_once.h"

#include <grpcpp/client_context.h>

#include <utility>

#include "sluice/internal/refusal.h"
#include "sluice/internal/utf8.h"
#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice {
namespace {

// A call that is cancelled and finished if it is left early: gRPC wants every
// call to be finished.
class OnceCall {
 public:
  OnceCall(const std::shared_ptr<grpc::Channel>& channel,
           grpc::ClientContext& context)
      : context_(context),
        stub_(v1::PublisherService::NewStub(channel)),
        writer_(stub_->Publish(&context, &response_)) {}
  ~OnceCall() {
    if (finished_) return;
    context_.TryCancel();
    writer_->Finish();
  }
  OnceCall(const OnceCall&) = delete;
  OnceCall& operator=(const OnceCall&) = delete;

  // False: the call is over, and Finish tells why.
  bool Write(const v1::PublishRequest& request) {
    return writer_->Write(request);
  }
  absl::StatusOr<v1::PublishResponse> Finish() {
    writer_->WritesDone();
    const grpc::Status status = writer_->Finish();
    finished_ = true;
    if (status.ok()) return response_;
    PublishError error;
    error.accepted = internal::AcceptedIn(context_);
    error.violations = internal::ViolationsIn(status);
    return internal::MakeRefusal(
        static_cast<absl::StatusCode>(status.error_code()),
        status.error_message(), error);
  }

 private:
  grpc::ClientContext& context_;
  const std::unique_ptr<v1::PublisherService::Stub> stub_;
  v1::PublishResponse response_;
  const std::unique_ptr<grpc::ClientWriter<v1::PublishRequest>> writer_;
  bool finished_ = false;
};

}  // namespace

absl::StatusOr<v1::PublishResponse> PublishOnce(
    const std::shared_ptr<grpc::Channel>& channel, const std::string& topic,
    const Source& next, const PublishOnceOptions& options) {
  grpc::ClientContext context;
  absl::Status status = internal::CheckTopic(topic);
  if (status.ok()) status = internal::AddMetadata(options.metadata, context);
  if (!status.ok()) return status;
  if (options.timeout != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + options.timeout));
  }
  OnceCall call(channel, context);
  bool writable = true;
  while (writable) {
    absl::StatusOr<std::optional<Event>> item = next();
    if (!item.ok()) return item.status();
    if (!item->has_value()) break;
    status = internal::CheckEvent(**item);
    if (!status.ok()) return status;
    v1::PublishRequest request;
    request.set_topic(topic);
    request.set_on_abort(options.on_abort);
    *request.add_events() = *std::move(*item);
    writable = call.Write(request);
  }
  if (writable && options.end) {
    v1::PublishRequest request;
    request.set_topic(topic);
    request.set_on_abort(options.on_abort);
    *request.mutable_end() = *options.end;
    call.Write(request);
  }
  return call.Finish();
}

}  // namespace sluice
