#include "bridge/grpc/subscriber_service.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bridge/grpc/status_detail.h"
#include "bridge/grpc/wire.h"
#include "sluice/v1/subscriber_service.grpc.pb.h"

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

// Between gRPC and a SubscribeCall, which begins with the only request.
class SubscribeHandler final : public ServerCall::Handler,
                               public SubscribeCall::Peer {
 public:
  using NewCall =
      std::function<std::shared_ptr<SubscribeCall>(Subscription, Peer&)>;

  SubscribeHandler(ServerCall& call, size_t max_topics,
                   SubscriberService::Calls& calls, NewCall new_call)
      : call_(call),
        max_topics_(max_topics),
        calls_(calls),
        new_call_(std::move(new_call)) {
    call_.StartRead();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(absl::InternalError("the call has no request"));
    auto subscription = Parse(call_.request(), max_topics_);
    if (!subscription.ok()) return Finish(subscription.status());
    auto subscribe = new_call_(*std::move(subscription), *this);
    if (!calls_.Add(*subscribe))
      return Finish(absl::UnavailableError("going down"));
    subscribe_ = std::move(subscribe);
    subscribe_->Start();
    if (call_.is_cancelled()) OnCancel();
  }
  void OnWriteDone(bool ok) override { subscribe_->OnWritten(ok); }
  void OnCancel() override {
    if (subscribe_ != nullptr) subscribe_->OnCancel();
  }
  void OnDone() override {
    if (subscribe_ != nullptr) calls_.Remove(*subscribe_);
  }

  void Begin() override { call_.StartSendInitialMetadata(); }
  void Write(const v1::SubscribeResponse& message) override {
    call_.StartWrite(message);
  }
  void Finish(const absl::Status& status) override { call_.Finish(status); }

 private:
  ServerCall& call_;
  const size_t max_topics_;
  SubscriberService::Calls& calls_;
  const NewCall new_call_;
  std::shared_ptr<SubscribeCall> subscribe_;
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

void SubscriberService::AddTo(ServerCall::Methods& methods) {
  methods[absl::StrCat("/", v1::SubscriberService::service_full_name(),
                       "/Subscribe")] = [this](ServerCall& call) {
    return std::make_shared<SubscribeHandler>(
        call, options_.max_topics, calls_,
        [this](Subscription subscription, SubscribeCall::Peer& peer) {
          return std::make_shared<SubscribeCall>(
              hub_, loop_, std::move(subscription.selector),
              std::move(subscription.start), options_.require_topics, peer);
        });
  };
}

void SubscriberService::Drain() { calls_.Drain(); }

}  // namespace sluice
