#include "clients/cli/relay.h"

#include <poll.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/create_topic.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/pace.h"
#include "clients/cli/publish_report.h"
#include "clients/cli/publisher.h"
#include "clients/cli/status_text.h"
#include "clients/cli/terminal.h"
#include "clients/cli/upstream_decoder.h"
#include "clients/cli/wakeup.h"

namespace sluice {
namespace {

// How much of an error's body is shown.
constexpr std::size_t kMaxErrorBody = 1000;
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);

class Relay {
 public:
  Relay(const RelayOptions& options, const Io& io, Terminal& terminal,
        Publisher& publisher, const Wakeup& wakeup)
      : options_(options),
        io_(io),
        terminal_(terminal),
        publisher_(publisher),
        wakeup_(wakeup),
        upstream_(options.upstream) {}

  // Until the call is over. True if the upstream came to a good end.
  bool Run();

 private:
  void FollowUpstream();
  void TakeBody(const std::string& bytes);
  void TakeResult();
  void CheckSilence();
  void Complete();
  void Fail(grpc::StatusCode code, const std::string& message);
  void End(v1::End end);
  void WaitForCall();

  const RelayOptions& options_;
  const Io& io_;
  Terminal& terminal_;
  Publisher& publisher_;
  const Wakeup& wakeup_;

  HttpStream upstream_;
  // Made when the head of the answer is there.
  std::unique_ptr<UpstreamDecoder> decoder_;
  std::string error_body_;
  absl::Time last_heard_ = SteadyNow();
  RateMeter meter_;
  bool over_ = false;
  bool completed_ = false;
  bool interrupted_ = false;
};

bool Relay::Run() {
  while (!publisher_.done()) {
    if (!interrupted_ && io_.interrupt.raised()) {
      interrupted_ = over_ = true;
      publisher_.Finish(absl::nullopt);
    }
    if (over_) {
      WaitForCall();
    } else if (publisher_.has_room()) {
      FollowUpstream();
    } else {
      WaitForCall();
      // It was not the upstream that kept us waiting.
      last_heard_ = SteadyNow();
    }
    ShowProgress(terminal_, publisher_.counts(), false, meter_);
  }
  return completed_;
}

void Relay::WaitForCall() {
  pollfd fds[] = {{wakeup_.fd(), POLLIN, 0}, {io_.interrupt.fd(), POLLIN, 0}};
  poll(fds, interrupted_ ? 1 : 2, terminal_.shows_progress() ? 200 : -1);
  wakeup_.Drain();
}

void Relay::FollowUpstream() {
  absl::Duration timeout = last_heard_ + options_.idle_timeout - SteadyNow();
  timeout = std::max(timeout, absl::ZeroDuration());
  if (terminal_.shows_progress())
    timeout = std::min(timeout, kProgressInterval);
  upstream_.Wait(timeout, {wakeup_.fd(), io_.interrupt.fd()});
  wakeup_.Drain();
  TakeBody(upstream_.Take());
  if (!over_ && upstream_.done()) TakeResult();
  if (!over_) CheckSilence();
}

void Relay::TakeBody(const std::string& bytes) {
  if (bytes.empty()) return;
  last_heard_ = SteadyNow();
  if (upstream_.status() / 100 != 2) {
    error_body_.append(
        bytes, 0, kMaxErrorBody - std::min(kMaxErrorBody, error_body_.size()));
    return;
  }
  if (!decoder_)
    decoder_ = std::make_unique<UpstreamDecoder>(upstream_.is_event_stream());
  std::vector<v1::Event> events;
  const absl::Status status = decoder_->Feed(bytes, events);
  publisher_.Send(std::move(events));
  for (const std::string& note : decoder_->TakeNotes()) terminal_.Note(note);
  if (decoder_->end()) return Complete();
  if (!status.ok())
    Fail(grpc::StatusCode::RESOURCE_EXHAUSTED,
         absl::StrCat("upstream: ", status.message()));
}

void Relay::TakeResult() {
  const int status = upstream_.status();
  if (status != 0 && status / 100 != 2) {
    Fail(grpc::StatusCode::UNAVAILABLE,
         absl::StrCat("the upstream answered ", status));
    // For the user alone: an upstream's error is not the readers' business.
    const auto body = absl::StripAsciiWhitespace(error_body_);
    if (!body.empty()) terminal_.Note(body);
    return;
  }
  if (!upstream_.result().ok()) {
    terminal_.Note(upstream_.result().message());
    return Fail(grpc::StatusCode::UNAVAILABLE,
                status == 0 ? "the upstream can't be reached"
                            : "the connection to the upstream was lost");
  }
  std::vector<v1::Event> events;
  if (decoder_) decoder_->Finish(events);
  publisher_.Send(std::move(events));
  Complete();
}

void Relay::CheckSilence() {
  if (SteadyNow() - last_heard_ < options_.idle_timeout) return;
  Fail(grpc::StatusCode::DEADLINE_EXCEEDED,
       absl::StrCat("the upstream was silent for ",
                    absl::FormatDuration(options_.idle_timeout)));
}

void Relay::Complete() {
  v1::End end;
  if (decoder_ && decoder_->end()) end = *decoder_->end();
  if (end.has_error()) {
    terminal_.Note(
        absl::StrCat("the upstream failed: ", CodeName(end.error().code()),
                     ": ", end.error().message()));
  }
  completed_ = !end.has_error();
  End(std::move(end));
}

void Relay::Fail(grpc::StatusCode code, const std::string& message) {
  terminal_.Note(message);
  v1::End end;
  end.mutable_error()->set_code(code);
  end.mutable_error()->set_message(message);
  End(std::move(end));
}

void Relay::End(v1::End end) {
  over_ = true;
  publisher_.Finish(std::move(end));
}

}  // namespace

int RunRelay(const RelayOptions& options, const Endpoints& endpoints,
             const Io& io) {
  Terminal terminal(io.err, options.quiet);
  const auto channel = ConnectGrpc(endpoints.grpc);
  if (options.create) {
    if (const auto problem =
            CreateTopic(channel, options.topic, endpoints.grpc, io.interrupt)) {
      if (io.interrupt.raised()) return io.interrupt.exit_code();
      terminal.Note(*problem);
      return kExitFailure;
    }
  }
  const absl::Time start = SteadyNow();
  const Wakeup wakeup;
  // If this process dies, the topic's readers are told.
  const auto publisher = Publisher::Start(
      channel, {options.topic, v1::ON_ABORT_FAIL, false}, wakeup);
  const bool completed = Relay(options, io, terminal, *publisher, wakeup).Run();
  const bool published = ReportOutcome(terminal, *publisher, endpoints.grpc,
                                       "event ", SteadyNow() - start);
  if (io.interrupt.raised()) return io.interrupt.exit_code();
  return published && completed ? kExitOk : kExitFailure;
}

}  // namespace sluice
