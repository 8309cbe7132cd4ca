#include "clients/cli/topic_changes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/http_stream.h"
#include "clients/cli/json_value.h"
#include "clients/cli/output.h"
#include "clients/cli/pace.h"
#include "clients/cli/publisher.h"
#include "clients/cli/status_text.h"
#include "clients/cli/sub_text.h"
#include "clients/cli/terminal.h"
#include "clients/cli/unary_call.h"
#include "sluice/v1/topic_service.grpc.pb.h"

namespace sluice {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(10);
// What a bridge answers is a line.
constexpr std::size_t kMaxAnswer = std::size_t{64} << 10;

int Fail(const Io& io, absl::string_view sentence) {
  if (io.interrupt.raised()) return io.interrupt.exit_code();
  Terminal(io.err, /*quiet=*/true).Note(sentence);
  return kExitFailure;
}

int Report(const grpc::Status& status, const Endpoints& endpoints,
           const Io& io) {
  if (status.ok()) return kExitOk;
  return Fail(io, Describe(status, endpoints.grpc));
}

HttpRequest StopRequest(const std::string& topic, const std::string& reason,
                        const std::string& bridge) {
  HttpRequest request;
  request.url = absl::StrCat(absl::StripSuffix(bridge, "/"), "/v1/topics/",
                             PercentEncode(topic), "/stop");
  request.headers = {"Content-Type: application/json", "Expect:"};
  request.body = reason.empty()
                     ? "{}"
                     : absl::StrCat("{\"reason\":", JsonQuote(reason), "}");
  return request;
}

}  // namespace

int RunEnd(const std::string& topic, const absl::optional<v1::Error>& error,
           const Endpoints& endpoints, const Io& io) {
  const auto stub = v1::TopicService::NewStub(ConnectGrpc(endpoints.grpc));
  v1::EndTopicRequest request;
  request.set_topic(topic);
  if (error) *request.mutable_error() = *error;
  v1::EndTopicResponse response;
  return Report(CallUnary(io.interrupt,
                          [&](auto* context, auto done) {
                            stub->async()->EndTopic(context, &request,
                                                    &response, std::move(done));
                          }),
                endpoints, io);
}

int RunDelete(const std::string& topic, const Endpoints& endpoints,
              const Io& io) {
  const auto stub = v1::TopicService::NewStub(ConnectGrpc(endpoints.grpc));
  v1::DeleteTopicRequest request;
  request.set_topic(topic);
  v1::DeleteTopicResponse response;
  return Report(CallUnary(io.interrupt,
                          [&](auto* context, auto done) {
                            stub->async()->DeleteTopic(
                                context, &request, &response, std::move(done));
                          }),
                endpoints, io);
}

int RunStop(const std::string& topic, const std::string& reason,
            const Endpoints& endpoints, const Io& io) {
  HttpStream call(StopRequest(topic, reason, endpoints.http));
  const absl::Time until = SteadyNow() + kTimeout;
  std::string answer;
  while (!call.done() && !io.interrupt.raised() && SteadyNow() < until &&
         answer.size() < kMaxAnswer) {
    call.Wait(until - SteadyNow(), {io.interrupt.fd()});
    answer += call.Take();
  }
  if (!call.done() || !call.result().ok()) {
    return Fail(io, UnreachableSentence(
                        endpoints.http,
                        call.done() ? call.result().message() : "no answer"));
  }
  const auto json = ParseJson(answer);
  if (call.status() / 100 != 2 || !json.ok() || !json->has_struct_value() ||
      json->struct_value().fields().count("producers") == 0) {
    return Fail(io, RefusalSentence(endpoints.http, call.status(),
                                    call.content_type(), answer));
  }
  const double asked =
      json->struct_value().fields().at("producers").number_value();
  Output output(io.out, io.interrupt);
  output.text() =
      absl::StrCat(asked, asked == 1 ? " producer was" : " producers were",
                   " asked to stop\n");
  Terminal terminal(io.err, /*quiet=*/true);
  return FlushOutput(output, io.interrupt, terminal);
}

}  // namespace sluice
