#include "bridge/http/topic_routes.h"

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/json.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/responses.h"
#include "bridge/http/topic_json.h"

namespace sluice {
namespace {

constexpr size_t kMaxBodyBytes = 64 << 10;

// The request's JSON, as `parse` reads it; null: the handler returns.
template <typename T>
std::unique_ptr<T> ReadBody(
    Exchange& exchange, httplib::Response& response,
    const std::function<absl::StatusOr<T>(const std::string&)>& parse) {
  const std::string* body = exchange.Body(kMaxBodyBytes);
  if (body == nullptr) return nullptr;
  absl::Status status = CheckCoding(exchange.request);
  if (status.ok()) {
    absl::StatusOr<T> parsed = parse(*body);
    if (parsed.ok()) return std::make_unique<T>(*std::move(parsed));
    status = parsed.status();
  }
  SetError(response, status);
  return nullptr;
}

}  // namespace

void CreateTopic(Exchange& exchange, const std::string& no_topic,
                 httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const auto wanted = ReadBody<CreateTopicBody>(
      exchange, response, [&](const std::string& body) {
        return ParseCreateTopic(body, loop.options().topic_rules);
      });
  if (wanted == nullptr) return;

  // The name comes with the answer: one that was made is made once.
  struct Created {
    std::string topic;
    absl::Status status;
  };
  const Created* created =
      exchange.Ask<Created>([&](std::function<void(Created)> done) {
        loop.hub().store().Create(
            wanted->topic, wanted->settings, wanted->replace_ended,
            [topic = wanted->topic,
             done = std::move(done)](const absl::StatusOr<TopicInfo>& info) {
              done({topic, info.status()});
            });
      });
  if (created == nullptr) return;
  if (!created->status.ok()) return SetError(response, created->status);
  response.status = 201;
  response.set_content(
      absl::StrCat(
          "{\"topic\":", JsonString(created->topic), ",\"events_url\":",
          JsonString(absl::StrCat("/v1/topics/", created->topic, "/events")),
          "}\n"),
      kJsonType);
}

void EndTopic(Exchange& exchange, const std::string& topic,
              httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const auto end = ReadBody<End>(exchange, response, ParseEndTopic);
  if (end == nullptr) return;

  using Answer = absl::StatusOr<Store::Appended>;
  const Answer* answer =
      exchange.Ask<Answer>([&](std::function<void(Answer)> done) {
        Store::AppendRequest request;
        request.topic = topic;
        request.end = *end;
        request.make_topic = false;
        loop.hub().store().Append(std::move(request), std::move(done));
      });
  if (answer == nullptr) return;
  if (!answer->ok()) return SetError(response, answer->status());
  const Cursor cursor{loop.epoch(), (*answer)->last};
  response.set_content(
      absl::StrCat("{\"cursor\":", JsonString(cursor.ToString()), "}\n"),
      kJsonType);
}

void DeleteTopic(Exchange& exchange, const std::string& topic,
                 httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const absl::Status* status =
      exchange.Ask<absl::Status>([&](std::function<void(absl::Status)> done) {
        loop.hub().store().Delete(topic, std::move(done));
      });
  if (status == nullptr) return;
  if (!status->ok()) return SetError(response, *status);
  response.status = 204;
}

void StopProducers(Exchange& exchange, const std::string& topic,
                   httplib::Response& response) {
  const auto reason = ReadBody<std::string>(exchange, response, ParseStop);
  if (reason == nullptr) return;
  const uint64_t asked = exchange.loop().hub().producers().Stop(topic, *reason);
  if (asked == 0) {
    return SetError(response, absl::FailedPreconditionError(absl::StrCat(
                                  "nobody who publishes to topic ", topic,
                                  " can be asked to stop")));
  }
  response.status = 202;
  response.set_content(absl::StrCat("{\"producers\":", asked, "}\n"),
                       kJsonType);
}

}  // namespace sluice
