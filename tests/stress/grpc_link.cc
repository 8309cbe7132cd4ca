#include "tests/stress/grpc_link.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sluice/v1/publisher_service.grpc.pb.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {
namespace {

// A call that takes as long is stuck.
constexpr std::chrono::seconds kPatience(60);

std::shared_ptr<grpc::Channel> NewChannel(int port) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

class Context final : public grpc::ClientContext {
 public:
  Context() {
    set_deadline(std::chrono::system_clock::now() + kPatience);
    // gRPC 1.51 may take a connection in progress for a failed one (its pull
    // request 35064), and tries again.
    set_wait_for_ready(true);
  }
};

// What a whole call, or its last acknowledgement, says.
struct Stored {
  uint64_t accepted = 0;
  uint64_t duplicates = 0;
};

class GrpcLink final : public ProducerLink {
 public:
  GrpcLink(Storm& storm, int port) : storm_(storm), port_(port) { Connect(); }

  void Create(const StormTopic& topic) override {
    Context context;
    v1::CreateTopicRequest request;
    request.set_topic(topic.name);
    auto& settings = *request.mutable_settings();
    settings.set_retention_events(topic.settings.retention_events);
    // The contract's least is a second.
    settings.mutable_retention_age()->set_seconds(std::max<int64_t>(
        1, absl::ToInt64Seconds(topic.settings.retention_age)));
    settings.set_omit_done_marker(topic.settings.omit_done_marker);
    v1::CreateTopicResponse response;
    Expect(topic, v1::TopicService::NewStub(channel_)->CreateTopic(
                      &context, request, &response));
  }

  bool Publish(const StormTopic& topic, const std::string& producer,
               uint64_t from, uint64_t to, Dice& dice) override {
    if (dice.OneIn(20)) Connect();
    bool cut_before = false;
    while (dice.OneIn(topic.ids ? 4 : 20)) {
      // Some of it may be there, some may come yet.
      PublishAndCut(topic, producer, from, to, dice);
      if (!topic.ids) return false;
      cut_before = true;
    }
    Stored stored;
    switch (dice.Below(4)) {
      case 0:
        stored = PublishBatches(topic, producer, from, to, dice);
        break;
      case 1:
        stored = PublishWithFeedback(topic, producer, from, to, dice);
        break;
      default:
        stored = PublishStream(topic, producer, from, to, dice);
        break;
    }
    if (stored.accepted + stored.duplicates != to - from ||
        (stored.duplicates > 0 && !cut_before)) {
      Report(topic,
             absl::StrCat("accepted ", stored.accepted, " and ",
                          stored.duplicates, " duplicates of ", to - from));
    }
    return true;
  }

  void End(const StormTopic& topic, Dice& dice) override {
    if (topic.ending == StormTopic::Ending::kProducerLost) return Lose(topic);
    Context context;
    v1::PublishBatchRequest request;
    request.set_topic(topic.name);
    SetEnd(topic, *request.mutable_end());
    v1::PublishBatchResponse response;
    Expect(topic, v1::PublisherService::NewStub(channel_)->PublishBatch(
                      &context, request, &response));
  }

  void PublishBehindTheEnd(const StormTopic& topic) override {
    Context context;
    v1::PublishBatchRequest request;
    request.set_topic(topic.name);
    request.add_events()->set_text("too late");
    v1::PublishBatchResponse response;
    const grpc::Status status =
        v1::PublisherService::NewStub(channel_)->PublishBatch(&context, request,
                                                              &response);
    if (status.error_code() != grpc::StatusCode::FAILED_PRECONDITION)
      Report(topic, "an event is taken after the end");
  }

 private:
  void Connect() { channel_ = NewChannel(port_); }

  static void SetEnd(const StormTopic& topic, v1::End& end) {
    const auto failure = FailureOf(topic);
    if (!failure) return;
    end.mutable_error()->set_code(failure->code);
    end.mutable_error()->set_message(failure->message);
  }

  // The next few events from `from` on, which moves behind them.
  template <typename Request>
  static Request NextRequest(const StormTopic& topic,
                             const std::string& producer, uint64_t& from,
                             uint64_t to, Dice& dice) {
    Request request;
    request.set_topic(topic.name);
    const uint64_t until = std::min(to, from + dice.Between(1, topic.batch));
    for (; from < until; ++from) {
      EventDraft draft = MakeEvent(topic, producer, from);
      auto& event = *request.add_events();
      event.set_id(std::move(draft.id));
      event.set_type(std::move(draft.type));
      event.set_text(std::move(draft.data));
    }
    return request;
  }

  Stored PublishStream(const StormTopic& topic, const std::string& producer,
                       uint64_t from, uint64_t to, Dice& dice) {
    Context context;
    v1::PublishResponse response;
    const auto stub = v1::PublisherService::NewStub(channel_);
    const auto writer = stub->Publish(&context, &response);
    while (from < to && writer->Write(NextRequest<v1::PublishRequest>(
                            topic, producer, from, to, dice))) {
    }
    writer->WritesDone();
    Expect(topic, writer->Finish());
    return {response.accepted(), response.duplicates()};
  }

  void PublishAndCut(const StormTopic& topic, const std::string& producer,
                     uint64_t from, uint64_t to, Dice& dice) {
    Context context;
    v1::PublishResponse response;
    const auto stub = v1::PublisherService::NewStub(channel_);
    const auto writer = stub->Publish(&context, &response);
    const uint64_t enough = from + dice.Below(to - from + 1);
    while (from < enough && writer->Write(NextRequest<v1::PublishRequest>(
                                topic, producer, from, to, dice))) {
    }
    if (dice.OneIn(2)) writer->WritesDone();
    context.TryCancel();
    writer->Finish();
  }

  Stored PublishWithFeedback(const StormTopic& topic,
                             const std::string& producer, uint64_t from,
                             uint64_t to, Dice& dice) {
    Context context;
    const auto stub = v1::PublisherService::NewStub(channel_);
    const auto call = stub->PublishWithFeedback(&context);
    uint64_t requests = 0;
    while (from < to && call->Write(NextRequest<v1::PublishWithFeedbackRequest>(
                            topic, producer, from, to, dice)))
      ++requests;
    call->WritesDone();
    v1::PublishWithFeedbackResponse response;
    v1::Ack last;
    while (call->Read(&response)) {
      if (response.has_ack()) last = response.ack();
    }
    Expect(topic, call->Finish());
    if (last.requests() != requests)
      Report(topic,
             absl::StrCat(last.requests(), " requests are acknowledged, ",
                          requests, " were sent"));
    return {last.accepted(), last.duplicates()};
  }

  Stored PublishBatches(const StormTopic& topic, const std::string& producer,
                        uint64_t from, uint64_t to, Dice& dice) {
    const auto stub = v1::PublisherService::NewStub(channel_);
    Stored stored;
    while (from < to) {
      Context context;
      const auto request =
          NextRequest<v1::PublishBatchRequest>(topic, producer, from, to, dice);
      v1::PublishBatchResponse response;
      Expect(topic, stub->PublishBatch(&context, request, &response));
      stored.accepted += response.accepted();
      stored.duplicates += response.duplicates();
    }
    return stored;
  }

  // Names the topic in a call that would fail it, and is gone.
  void Lose(const StormTopic& topic) {
    Context context;
    const auto stub = v1::PublisherService::NewStub(channel_);
    const auto call = stub->PublishWithFeedback(&context);
    v1::PublishWithFeedbackRequest request;
    request.set_topic(topic.name);
    request.set_on_abort(v1::ON_ABORT_FAIL);
    call->Write(request);
    v1::PublishWithFeedbackResponse response;
    while (call->Read(&response) && !response.has_ack()) {
    }
    if (!response.has_ack()) Report(topic, "nothing is acknowledged");
    context.TryCancel();
    call->Finish();
  }

  void Expect(const StormTopic& topic, const grpc::Status& status) {
    if (!status.ok())
      Report(topic,
             absl::StrCat(status.error_code(), " ", status.error_message()));
  }

  void Report(const StormTopic& topic, absl::string_view what) {
    storm_.findings.Add(Findings::kOther,
                        absl::StrCat("publishing to ", topic.name, ": ", what));
  }

  Storm& storm_;
  const int port_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace

std::unique_ptr<ProducerLink> NewGrpcLink(Storm& storm, int port) {
  return std::make_unique<GrpcLink>(storm, port);
}

uint64_t SubscribersOverGrpc(int port, const std::string& topic) {
  Context context;
  v1::GetTopicRequest request;
  request.set_topic(topic);
  v1::GetTopicResponse response;
  const grpc::Status status = v1::TopicService::NewStub(NewChannel(port))
                                  ->GetTopic(&context, request, &response);
  return status.ok() ? response.topic().subscribers() : UINT64_MAX;
}

}  // namespace sluice
