#include "clients/cli/publisher.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_callback.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "bridge/base/mutex.h"
#include "clients/cli/publish_queue.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice {
namespace {

constexpr int kConnectTimeoutMs = 4000;

// Both methods are driven as bidirectional calls. On the wire a client stream
// is one, with a single response; and only an outstanding read tells a client
// that says nothing for hours that its call has failed.
//
// The reactor holds the call (AddHold) until it will start no further
// operation; OnDone comes after that.
template <typename Request, typename Response>
class PublishCall final : public Publisher,
                          private grpc::ClientBidiReactor<Request, Response> {
 public:
  PublishCall(std::shared_ptr<grpc::Channel> channel, const char* method,
              PublisherOptions options, const Wakeup& wakeup)
      : options_(std::move(options)),
        wakeup_(wakeup),
        stub_(std::move(channel)) {
    stub_.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(),
                                   this);
    this->AddHold();
    this->StartCall();
    this->StartRead(&response_);
    // The first request names the topic, whether events wait or not.
    Advance();
  }

  ~PublishCall() override {
    context_.TryCancel();
    Finish(absl::nullopt);
    const MutexLock lock(mutex_);
    while (!done_) done_changed_.Wait(mutex_);
  }

  void Send(std::vector<v1::Event> events) override {
    {
      const MutexLock lock(mutex_);
      counts_.queued += events.size();
      // A call that is over sends nothing more.
      if (!broken_) queue_.Add(std::move(events));
    }
    Advance();
  }

  void Finish(absl::optional<v1::End> end) override {
    {
      const MutexLock lock(mutex_);
      if (finishing_) return;
      finishing_ = true;
      end_ = std::move(end);
    }
    Advance();
  }

  bool has_room() const override {
    const MutexLock lock(mutex_);
    return queue_.has_room();
  }

  PublishCounts counts() const override {
    const MutexLock lock(mutex_);
    return counts_;
  }

  absl::optional<std::string> TakeStop() override {
    const MutexLock lock(mutex_);
    return std::exchange(stop_, absl::nullopt);
  }

  bool done() const override {
    const MutexLock lock(mutex_);
    return done_;
  }

  grpc::Status status() const override {
    const MutexLock lock(mutex_);
    return status_;
  }

  absl::optional<std::uint64_t> EventsBefore(std::size_t request,
                                             std::size_t event) const override {
    const MutexLock lock(mutex_);
    return queue_.EventsBefore(request, event);
  }

 private:
  enum class Step { kNone, kWrite, kHalfClose, kRelease };

  // Starts whatever is due. gRPC allows one write at a time, and must not be
  // called with the lock held: it may answer at once.
  void Advance() {
    switch (NextStep()) {
      case Step::kNone:
        return;
      case Step::kWrite:
        return this->StartWrite(&request_);
      case Step::kHalfClose:
        return this->StartWritesDone();
      case Step::kRelease:
        return this->RemoveHold();
    }
  }

  Step NextStep() {
    const MutexLock lock(mutex_);
    if (operating_ || released_) return Step::kNone;
    if (broken_ || half_closed_) {
      released_ = true;
      return Step::kRelease;
    }
    const bool end_due = finishing_ && end_.has_value();
    if (named_ && queue_.empty() && !end_due) {
      if (!finishing_) return Step::kNone;
      operating_ = half_closed_ = true;
      return Step::kHalfClose;
    }
    FillRequest();
    operating_ = true;
    return Step::kWrite;
  }

  void FillRequest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    request_.Clear();
    if (!std::exchange(named_, true)) {
      request_.set_topic(options_.topic);
      request_.set_on_abort(options_.on_abort);
    }
    for (v1::Event& event : queue_.NextRequest())
      *request_.add_events() = std::move(event);
    if (finishing_ && end_ && queue_.empty()) {
      *request_.mutable_end() = *std::move(end_);
      end_.reset();
    }
  }

  void OnWriteDone(bool ok) override {
    OperationDone(ok, static_cast<std::uint64_t>(request_.events_size()));
    wakeup_.Notify();
    Advance();
  }

  void OnWritesDoneDone(bool ok) override {
    OperationDone(ok, 0);
    Advance();
  }

  void OperationDone(bool ok, std::uint64_t events) {
    const MutexLock lock(mutex_);
    operating_ = false;
    broken_ = broken_ || !ok;
    if (ok) counts_.sent += events;
  }

  void OnReadDone(bool ok) override {
    if (ok) {
      {
        const MutexLock lock(mutex_);
        Take(response_);
      }
      wakeup_.Notify();
      return this->StartRead(&response_);
    }
    {
      const MutexLock lock(mutex_);
      broken_ = true;
    }
    Advance();
  }

  void Take(const v1::PublishResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    TakeCounts(response);
  }

  void Take(const v1::PublishWithFeedbackResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (response.has_ack()) TakeCounts(response.ack());
    if (response.has_interest())
      counts_.subscribers = response.interest().subscribers();
    if (response.has_stop()) stop_ = response.stop().reason();
  }

  template <typename Counts>
  void TakeCounts(const Counts& counts) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    counts_.accepted = counts.accepted();
    counts_.duplicates = counts.duplicates();
    counts_.accepted_known = true;
  }

  void OnDone(const grpc::Status& status) override {
    const MutexLock lock(mutex_);
    status_ = status;
    const auto& trailers = context_.GetServerTrailingMetadata();
    const auto accepted = trailers.find("sluice-accepted");
    std::uint64_t count = 0;
    if (!status.ok() && accepted != trailers.end() &&
        absl::SimpleAtoi(
            absl::string_view(accepted->second.data(), accepted->second.size()),
            &count)) {
      counts_.accepted = count;
      counts_.accepted_known = true;
    }
    done_ = true;
    wakeup_.Notify();
    // With the lock held: once it is free, the destructor may have gone on.
    done_changed_.NotifyAll();
  }

  // Constant after construction.
  const PublisherOptions options_;
  const Wakeup& wakeup_;
  grpc::TemplatedGenericStub<Request, Response> stub_;
  grpc::ClientContext context_;

  // Each belongs to the operation on it while that is under way.
  Request request_;
  Response response_;

  mutable Mutex mutex_;
  CondVar done_changed_;
  PublishQueue queue_ ABSL_GUARDED_BY(mutex_);
  PublishCounts counts_ ABSL_GUARDED_BY(mutex_);
  absl::optional<std::string> stop_ ABSL_GUARDED_BY(mutex_);
  absl::optional<v1::End> end_ ABSL_GUARDED_BY(mutex_);
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  // A write or the half-close is under way, from the decision on.
  bool operating_ ABSL_GUARDED_BY(mutex_) = false;
  bool named_ ABSL_GUARDED_BY(mutex_) = false;
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  // The call is over; its status is still to come.
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
  bool released_ ABSL_GUARDED_BY(mutex_) = false;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<Publisher> Publisher::Start(
    std::shared_ptr<grpc::Channel> channel, PublisherOptions options,
    const Wakeup& wakeup) {
  if (options.feedback) {
    return std::make_unique<PublishCall<v1::PublishWithFeedbackRequest,
                                        v1::PublishWithFeedbackResponse>>(
        std::move(channel), "/sluice.v1.PublisherService/PublishWithFeedback",
        std::move(options), wakeup);
  }
  return std::make_unique<PublishCall<v1::PublishRequest, v1::PublishResponse>>(
      std::move(channel), "/sluice.v1.PublisherService/Publish",
      std::move(options), wakeup);
}

std::shared_ptr<grpc::Channel> ConnectGrpc(const std::string& target) {
  grpc::ChannelArguments arguments;
  // gRPC takes this for the time that one attempt to connect may take, too; it
  // would be 20 s.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace sluice
