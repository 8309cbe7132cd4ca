#include "bridge/http/routes.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bridge/event/selector.h"
#include "bridge/http/cors.h"
#include "bridge/http/demo_page.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/publish.h"
#include "bridge/http/responses.h"
#include "bridge/http/sse_frame.h"
#include "bridge/http/sse_stream.h"
#include "bridge/http/stream_request.h"

namespace sluice {
namespace {

void MethodNotAllowed(httplib::Response& response, const char* allow) {
  response.set_header("Allow", allow);
  SetError(response, 405, "UNIMPLEMENTED",
           absl::StrCat("this path takes ", allow));
}

bool IsRead(const Exchange& exchange) {
  return exchange.request.method == "GET" || exchange.request.method == "HEAD";
}

// Tells a client that the server is full or going down. Any status but 200
// would stop an EventSource for good.
void Shed(Exchange& exchange, bool wants_stream, httplib::Response& response) {
  const absl::Duration retry = exchange.loop().JitteredRetry();
  if (!wants_stream) {
    response.set_header("Retry-After",
                        absl::StrCat(absl::ToInt64Seconds(retry) + 1));
    SetError(response, 503, "UNAVAILABLE",
             "the server is full or going down: try again later");
    return;
  }
  exchange.Stream(
      response,
      [opening = Opening(retry)](size_t, httplib::DataSink& sink) {
        sink.write(opening.data(), opening.size());
        return false;
      },
      nullptr);
}

// GET /v1/topics/{topic}/events
void StreamTopic(Exchange& exchange, const std::string& topic,
                 httplib::Response& response) {
  if (!IsRead(exchange))
    return MethodNotAllowed(response, "GET, HEAD, POST, OPTIONS");
  if (!AcceptsEventStream(exchange.request.Field("accept").value_or("*/*"))) {
    return SetError(response, 406, "INVALID_ARGUMENT",
                    "this path answers text/event-stream");
  }
  if (exchange.shed) return Shed(exchange, true, response);

  HttpLoop& loop = exchange.loop();
  absl::StatusOr<StreamRequest> wanted =
      ParseStreamRequest(exchange.request, loop.options().heartbeat);
  if (!wanted.ok()) return SetError(response, wanted.status());

  // The channel is open before the store is asked: what comes in between is
  // neither missed nor told twice.
  const std::shared_ptr<TopicChannel> channel =
      loop.channels().Open(topic, exchange.chunked());
  exchange.Keep(channel);
  const Store::Description* description = exchange.Ask<Store::Description>(
      [&](std::function<void(Store::Description)> done) {
        channel->WhenReady(
            [&loop, topic, start = wanted->start, done = std::move(done)] {
              loop.hub().store().Describe(topic, IdToLookUp(start),
                                          start.last.value_or(0), done);
            });
      });
  if (description == nullptr) return;
  if (!description->info && loop.options().require_topics) {
    return SetError(response, absl::NotFoundError(absl::StrCat(
                                  "topic ", topic, " is not there")));
  }
  const Place place = FindPlace(wanted->start, *description, loop.epoch());
  if (place.nothing_left) {
    response.status = 204;
    return;
  }
  std::string opening = Opening(loop.options().retry);
  if (place.gap) opening += GapFrame(*place.gap, topic, loop.epoch());
  if (place.tell_position) opening += PositionFrame(place.after, loop.epoch());
  auto stream =
      std::make_shared<SseStream>(channel, place.after, std::move(opening),
                                  absl::ToInt64Milliseconds(wanted->heartbeat));
  exchange.Stream(
      response,
      [stream](size_t, httplib::DataSink& sink) {
        return stream->Provide(sink);
      },
      stream);
}

void Route(Exchange& exchange, httplib::Response& response) {
  const std::vector<std::string>& path = exchange.request.target.segments;
  const HttpOptions& options = exchange.loop().options();
  if (exchange.request.method == "OPTIONS")
    return AnswerPreflight(exchange.request, options, response);
  if (!IsRead(exchange) && !OriginMayChange(exchange.request, options)) {
    return SetError(
        response, absl::PermissionDeniedError(
                      "a page of another origin may not change anything here"));
  }
  if (path.size() == 4 && path[0] == "v1" && path[1] == "topics" &&
      path[3] == "events") {
    if (absl::Status status = CheckTopic(path[2]); !status.ok())
      return SetError(response, status);
    if (exchange.request.method == "POST") {
      return exchange.shed ? Shed(exchange, false, response)
                           : PublishEvent(exchange, path[2], response);
    }
    return StreamTopic(exchange, path[2], response);
  }
  if (exchange.shed) return Shed(exchange, false, response);
  if (options.demo && path.size() == 1 && path[0].empty()) {
    if (!IsRead(exchange))
      return MethodNotAllowed(response, "GET, HEAD, OPTIONS");
    response.set_header("Cache-Control", "no-cache");
    response.set_content(kDemoPage, sizeof(kDemoPage) - 1,
                         "text/html; charset=utf-8");
    return;
  }
  SetError(response, absl::NotFoundError("there is nothing at this path"));
}

}  // namespace

void HandleRequest(Exchange& exchange, const httplib::Request&,
                   httplib::Response& response) {
  response.status = 200;
  AddCors(exchange.request, exchange.loop().options(), response);
  Route(exchange, response);
  if (const RequestBody::Refusal* refusal = exchange.body_refusal())
    SetRefusal(response, *refusal);
}

}  // namespace sluice
