#include "bridge/grpc/payload.h"

#include <utility>

#include "bridge/base/utf8.h"
#include "bridge/event/event_rules.h"
#include "bridge/grpc/json_value.h"
#include "bridge/grpc/proto_time.h"
#include "bridge/grpc/status_detail.h"

namespace sluice {
namespace {

absl::StatusOr<std::string> MessageToJson(const google::protobuf::Any& message,
                                          const MessageTypes* types) {
  if (types != nullptr) return types->ToJson(message);
  return absl::InvalidArgumentError("the server takes no messages");
}

absl::Status TakePayload(v1::Event& event, const MessageTypes* types,
                         EventDraft& draft) {
  switch (event.payload_case()) {
    case v1::Event::kText:
      if (auto status = CheckText(event.text()); !status.ok()) {
        return AtField(std::move(status), "text");
      }
      draft.data = NormalizeLineBreaks(std::move(*event.mutable_text()));
      return absl::OkStatus();
    case v1::Event::kJson: {
      auto json = ToJson(event.json());
      if (!json.ok()) return AtField(json.status(), "json");
      draft.data = *std::move(json);
      draft.json = true;
      return absl::OkStatus();
    }
    case v1::Event::kMessage: {
      auto json = MessageToJson(event.message(), types);
      if (!json.ok()) return AtField(json.status(), "message");
      draft.data = *std::move(json);
      draft.json = true;
      return absl::OkStatus();
    }
    case v1::Event::PAYLOAD_NOT_SET:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> ToRetry(const google::protobuf::Duration& proto) {
  const auto retry = ToDuration(proto);
  if (!retry.ok()) return retry.status();
  if (auto status = CheckRetry(*retry); !status.ok()) return status;
  return static_cast<uint32_t>(absl::ToInt64Milliseconds(*retry));
}

}  // namespace

absl::StatusOr<EventDraft> ToDraft(v1::Event& event,
                                   const MessageTypes* message_types) {
  EventDraft draft;
  if (!event.id().empty()) {
    if (auto status = CheckEventId(event.id()); !status.ok()) {
      return AtField(std::move(status), "id");
    }
  }
  if (auto status = CheckEventType(event.type()); !status.ok()) {
    return AtField(std::move(status), "type");
  }
  if (event.has_retry()) {
    const auto retry = ToRetry(event.retry());
    if (!retry.ok()) return AtField(retry.status(), "retry");
    draft.retry_ms = *retry;
  }
  if (auto status = TakePayload(event, message_types, draft); !status.ok())
    return status;
  draft.id = std::move(*event.mutable_id());
  draft.type = std::move(*event.mutable_type());
  return draft;
}

absl::StatusOr<End> ToEnd(const v1::End& end) {
  if (!end.has_error()) return End{};
  const v1::Error& error = end.error();
  if (auto status = CheckFailureCode(error.code()); !status.ok()) {
    return AtField(std::move(status), "error.code");
  }
  if (!IsValidUtf8(error.message())) {
    return AtField(absl::InvalidArgumentError("an error's message is UTF-8"),
                   "error.message");
  }
  return End{Failure{error.code(), error.message()}};
}

}  // namespace sluice
