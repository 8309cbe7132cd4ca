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
#include "bridge/http/stream_request.h"
#include "bridge/http/streams.h"

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

// GET /v1/topics/{topic}/events, or without `topic` GET /v1/events
void Stream(Exchange& exchange, const std::string* topic,
            httplib::Response& response) {
  if (!AcceptsEventStream(exchange.request.Field("accept").value_or("*/*"))) {
    return SetError(response, 406, "INVALID_ARGUMENT",
                    "this path answers text/event-stream");
  }
  if (exchange.shed) return Shed(exchange, true, response);
  if (topic != nullptr) {
    StreamTopic(exchange, *topic, response);
  } else {
    StreamSelector(exchange, response);
  }
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
    if (!IsRead(exchange))
      return MethodNotAllowed(response, "GET, HEAD, POST, OPTIONS");
    return Stream(exchange, &path[2], response);
  }
  if (path.size() == 2 && path[0] == "v1" && path[1] == "events") {
    if (!IsRead(exchange))
      return MethodNotAllowed(response, "GET, HEAD, OPTIONS");
    return Stream(exchange, nullptr, response);
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
