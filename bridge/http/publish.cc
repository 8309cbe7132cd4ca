#include "bridge/http/publish.h"

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bridge/base/json.h"
#include "bridge/event/event_rules.h"
#include "bridge/event/selector.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/responses.h"

namespace sluice {
namespace {

absl::Status AtField(absl::string_view name, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(name, ": ", status.message()));
}

absl::StatusOr<EventDraft> ToDraft(const RequestHead& request,
                                   const std::string& body) {
  if (!absl::EqualsIgnoreCase(
          request.Field("content-encoding").value_or("identity"), "identity")) {
    return absl::InvalidArgumentError(
        "Content-Encoding: a body is taken as it is");
  }
  EventDraft draft;
  draft.id = std::string(request.Field("sluice-event-id").value_or(""));
  draft.type = std::string(request.Field("sluice-event-type").value_or(""));
  if (!draft.id.empty()) {
    absl::Status status = AtField("Sluice-Event-Id", CheckEventId(draft.id));
    if (!status.ok()) return status;
  }
  absl::Status status =
      AtField("Sluice-Event-Type", CheckEventType(draft.type));
  if (status.ok()) status = AtField("the body", CheckText(body));
  if (!status.ok()) return status;
  draft.data = NormalizeLineBreaks(body);
  return draft;
}

}  // namespace

void PublishEvent(Exchange& exchange, const std::string& topic,
                  httplib::Response& response) {
  HttpLoop& loop = exchange.loop();
  if (!loop.options().http_publish) {
    return SetError(response,
                    absl::PermissionDeniedError("publishing over HTTP is off"));
  }
  if (absl::Status status = CheckWritableTopic(topic); !status.ok())
    return SetError(response, status);

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
