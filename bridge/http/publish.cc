#include "bridge/http/publish.h"

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/json.h"
#include "bridge/event/event_rules.h"
#include "bridge/http/compact_json.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/responses.h"

namespace sluice {
namespace {

absl::Status AtField(absl::string_view name, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(name, ": ", status.message()));
}

// Of JSON's types: RFC 8259 11, RFC 6839 3.1.
bool IsJson(const RequestHead& request) {
  absl::string_view type = request.Field("content-type").value_or("");
  type = absl::StripAsciiWhitespace(type.substr(0, type.find(';')));
  return absl::EqualsIgnoreCase(type, "application/json") ||
         (absl::StrContains(type, '/') &&
          absl::EndsWithIgnoreCase(type, "+json"));
}

absl::Status TakePayload(const RequestHead& request, const std::string& body,
                         EventDraft& draft) {
  if (!IsJson(request)) {
    draft.data = NormalizeLineBreaks(body);
    return AtField("the body", CheckText(body));
  }
  absl::StatusOr<std::string> json = CompactJson(body);
  if (!json.ok()) return AtField("the body", json.status());
  draft.data = *std::move(json);
  draft.json = true;
  return absl::OkStatus();
}

absl::StatusOr<EventDraft> ToDraft(const RequestHead& request,
                                   const std::string& body) {
  absl::Status status = CheckCoding(request);
  if (!status.ok()) return status;
  EventDraft draft;
  draft.id = std::string(request.Field("sluice-event-id").value_or(""));
  draft.type = std::string(request.Field("sluice-event-type").value_or(""));
  if (!draft.id.empty()) {
    status = AtField("Sluice-Event-Id", CheckEventId(draft.id));
    if (!status.ok()) return status;
  }
  status = AtField("Sluice-Event-Type", CheckEventType(draft.type));
  if (status.ok()) status = TakePayload(request, body, draft);
  if (!status.ok()) return status;
  return draft;
}

}  // namespace

void PublishEvent(Exchange& exchange, const std::string& topic,
                  httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  const size_t most = loop.options().max_event_bytes;
  const std::string* body = exchange.Body(most);
  if (body == nullptr) return;
  absl::StatusOr<EventDraft> draft = ToDraft(exchange.request, *body);
  if (!draft.ok()) return SetError(response, draft.status());
  if (draft->size_bytes() > most) {
    return SetRefusal(response, {413, absl::StrCat("the event is larger than ",
                                                   most, " bytes")});
  }

  using Answer = absl::StatusOr<Store::Appended>;
  const Answer* answer =
      exchange.Ask<Answer>([&](std::function<void(Answer)> done) {
        Store::AppendRequest request;
        request.topic = topic;
        request.events.push_back(*std::move(draft));
        loop.hub().store().Append(std::move(request), std::move(done));
      });
  if (answer == nullptr) return;
  if (!answer->ok()) return SetError(response, answer->status());
  const Store::Appended& appended = **answer;
  response.set_content(
      absl::StrCat(
          "{\"cursor\":",
          JsonString(Cursor{loop.epoch(), appended.last}.ToString()),
          ",\"duplicate\":", appended.duplicates > 0 ? "true" : "false", "}\n"),
      kJsonType);
}

}  // namespace sluice
