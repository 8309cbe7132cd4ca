#include "bridge/http/routes.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "bridge/event/selector.h"
#include "bridge/http/cors.h"
#include "bridge/http/demo_pages.h"
#include "bridge/http/history.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/publish.h"
#include "bridge/http/responses.h"
#include "bridge/http/sse_frame.h"
#include "bridge/http/stream_request.h"
#include "bridge/http/streams.h"
#include "bridge/http/topic_routes.h"

namespace sluice {
namespace {

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

bool TakesStream(Exchange& exchange, httplib::Response& response) {
  if (AcceptsEventStream(exchange.request.Field("accept").value_or("*/*")))
    return true;
  SetError(response, 406, "INVALID_ARGUMENT",
           "this path answers text/event-stream");
  return false;
}

void OpenTopic(Exchange& exchange, const std::string& topic,
               httplib::Response& response) {
  if (!TakesStream(exchange, response)) return;
  if (exchange.shed) return Shed(exchange, true, response);
  StreamTopic(exchange, topic, response);
}

void OpenSelector(Exchange& exchange, const std::string& no_topic,
                  httplib::Response& response) {
  if (!TakesStream(exchange, response)) return;
  if (exchange.shed) return Shed(exchange, true, response);
  StreamSelector(exchange, response);
}

// What one method of a path does; `topic` is the path's, or empty.
using Answer = void (*)(Exchange& exchange, const std::string& topic,
                        httplib::Response& response);

// What a path takes. `read` answers GET and HEAD; null: the method is not
// taken.
struct Resource {
  absl::string_view name;  // behind a topic
  const char* allow;
  Answer read;
  Answer post;
  Answer erase = nullptr;
  bool streams = false;      // `read` is a stream, which is told to come back
  bool for_readers = false;  // who may read may post, too
};

constexpr Resource kOfTopic[] = {
    {"events", "GET, HEAD, POST, OPTIONS", OpenTopic, PublishEvent, nullptr,
     true},
    {"history", "GET, HEAD, OPTIONS", AnswerHistory, nullptr},
    {"end", "POST, OPTIONS", nullptr, EndTopic},
    {"stop", "POST, OPTIONS", nullptr, StopProducers, nullptr, false, true},
};
constexpr Resource kTopic{"", "DELETE, OPTIONS", nullptr, nullptr, DeleteTopic};
constexpr Resource kTopics{"", "POST, OPTIONS", nullptr, CreateTopic};
constexpr Resource kEvents{
    "", "GET, HEAD, OPTIONS", OpenSelector, nullptr, nullptr, true};
constexpr Resource kDemo{"", "GET, HEAD, OPTIONS", AnswerDemo, nullptr};

// What is at `path`, or null.
const Resource* FindResource(const std::vector<std::string>& path, bool demo) {
  if (demo && path.size() == 1 && IsDemoPath(path[0])) return &kDemo;
  if (path.size() < 2 || path[0] != "v1") return nullptr;
  if (path.size() == 2 && path[1] == "events") return &kEvents;
  if (path[1] != "topics") return nullptr;
  if (path.size() == 2) return &kTopics;
  if (path.size() == 3) return &kTopic;
  if (path.size() > 4) return nullptr;
  const auto* found =
      std::find_if(std::begin(kOfTopic), std::end(kOfTopic),
                   [&](const Resource& r) { return r.name == path[3]; });
  return found == std::end(kOfTopic) ? nullptr : found;
}

Answer FindAnswer(const Resource& resource, const std::string& method) {
  if (method == "GET" || method == "HEAD") return resource.read;
  if (method == "POST") return resource.post;
  return method == "DELETE" ? resource.erase : nullptr;
}

// Whether a request may change what it names.
absl::Status CheckChange(const HttpOptions& options, const Resource& resource,
                         const std::string& topic) {
  if (resource.for_readers) return absl::OkStatus();
  if (!options.http_publish) {
    return absl::PermissionDeniedError("publishing over HTTP is off");
  }
  return topic.empty() ? absl::OkStatus() : CheckWritableTopic(topic);
}

void Route(Exchange& exchange, httplib::Response& response) {
  const RequestHead& request = exchange.request;
  const HttpOptions& options = exchange.loop().options();
  if (request.method == "OPTIONS")
    return AnswerPreflight(request, options, response);
  if (!IsRead(exchange) && !OriginMayChange(request, options)) {
    return SetError(
        response, absl::PermissionDeniedError(
                      "a page of another origin may not change anything here"));
  }
  const std::vector<std::string>& path = request.target.segments;
  const Resource* resource = FindResource(path, options.demo);
  if (resource == nullptr) {
    if (exchange.shed) return Shed(exchange, false, response);
    return SetError(response,
                    absl::NotFoundError("there is nothing at this path"));
  }
  const std::string topic = path.size() > 2 ? path[2] : "";
  if (path.size() > 2) {
    if (absl::Status status = CheckTopic(topic); !status.ok())
      return SetError(response, status);
  }
  const Answer answer = FindAnswer(*resource, request.method);
  if (answer == nullptr) {
    response.set_header("Allow", resource->allow);
    return SetError(response, 405, "UNIMPLEMENTED",
                    absl::StrCat("this path takes ", resource->allow));
  }
  const bool streams = resource->streams && IsRead(exchange);
  if (exchange.shed && !streams) return Shed(exchange, false, response);
  if (!IsRead(exchange)) {
    absl::Status status = CheckChange(options, *resource, topic);
    if (!status.ok()) return SetError(response, status);
  }
  answer(exchange, topic, response);
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
