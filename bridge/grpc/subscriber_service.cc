#include "bridge/grpc/subscriber_service.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"

namespace sluice {
namespace {

struct Subscription {
  Selector selector;
  StartAt start;
};

absl::StatusOr<Selector> ToSelector(const v1::SubscribeRequest& request,
                                    size_t max_topics) {
  if (static_cast<size_t>(request.topics_size()) > max_topics) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a stream reads max_topics_per_stream, ", max_topics, ", at the most"));
  }
  return Selector::Parse({request.topics().begin(), request.topics().end()});
}

absl::StatusOr<Subscription> Parse(const grpc::ByteBuffer& bytes,
                                   size_t max_topics) {
  v1::SubscribeRequest request;
  if (!ParseMessage(bytes, request)) return NotAMessage();
  auto selector = ToSelector(request, max_topics);
  if (!selector.ok()) return AtField(selector.status(), "topics");
  StartAt start;
  start.id = request.cursor();
  switch (request.start()) {
    case v1::START_UNSPECIFIED:
      break;
    case v1::START_EARLIEST:
      start.start = TopicSettings::Start::kEarliest;
      break;
    case v1::START_LATEST:
      start.start = TopicSettings::Start::kLatest;
      break;
    default:
      return AtField(absl::InvalidArgumentError(absl::StrCat(
                         "there is no Start of number ", request.start())),
                     "start");
  }
  if (request.last() < 0) {
    return AtField(
        absl::InvalidArgumentError("a number of events is not negative"),
        "last");
  }
  if (request.last() > 0) start.last = static_cast<uint64_t>(request.last());
  return Subscription{*std::move(selector), std::move(start)};
}

class SubscribeReactor final
    : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
      public SubscribeCall::Peer {
 public:
  explicit SubscribeReactor(SubscriberService::Calls& calls) : calls_(calls) {}

  void Start(std::shared_ptr<SubscribeCall> call) {
    call_ = std::move(call);
    if (!calls_.Add(*call_))
      return Finish(absl::UnavailableError("going down"));
    call_->Start();
  }

  void OnWriteDone(bool ok) override { call_->OnWritten(ok); }
  void OnCancel() override {
    if (call_ != nullptr) call_->OnCancel();
  }
  void OnDone() override {
    if (call_ != nullptr) calls_.Remove(*call_);
    delete this;
  }

  void Begin() override { StartSendInitialMetadata(); }
  void Write(const v1::SubscribeResponse& message) override {
    response_ = ToBytes(message);
    StartWrite(&response_);
  }
  void Finish(const absl::Status& status) override {
    ServerWriteReactor::Finish(ToGrpcStatus(status));
  }

 private:
  SubscriberService::Calls& calls_;
  grpc::ByteBuffer response_;
  std::shared_ptr<SubscribeCall> call_;
};

}  // namespace

bool SubscriberService::Calls::Add(SubscribeCall& call) {
  MutexLock lock(mutex_);
  if (!draining_) calls_.insert(&call);
  return !draining_;
}

void SubscriberService::Calls::Remove(SubscribeCall& call) {
  MutexLock lock(mutex_);
  calls_.erase(&call);
}

void SubscriberService::Calls::Drain() {
  MutexLock lock(mutex_);
  draining_ = true;
  for (SubscribeCall* call : calls_) call->OnDrain();
}

SubscriberService::SubscriberService(Hub& hub, const SubscribeOptions& options)
    : hub_(hub), options_(options) {}

SubscriberService::~SubscriberService() { loop_->Stop(); }

grpc::ServerWriteReactor<grpc::ByteBuffer>* SubscriberService::Subscribe(
    grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  auto* reactor = new SubscribeReactor(calls_);
  auto parsed = Parse(*request, options_.max_topics);
  if (!parsed.ok()) {
    reactor->Finish(parsed.status());
    return reactor;
  }
  reactor->Start(std::make_shared<SubscribeCall>(
      hub_, loop_, std::move(parsed->selector), std::move(parsed->start),
      options_.require_topics, *reactor));
  return reactor;
}

void SubscriberService::Drain() { calls_.Drain(); }

}  // namespace sluice
