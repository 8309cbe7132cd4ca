#include "sluice/event.h"

#include "google/protobuf/util/json_util.h"

namespace sluice {

Event Text(std::string text) {
  Event event;
  event.set_text(std::move(text));
  return event;
}

Event Json(google::protobuf::Value value) {
  Event event;
  *event.mutable_json() = std::move(value);
  return event;
}

absl::StatusOr<Event> Json(const std::string& json) {
  Event event;
  const auto status =
      google::protobuf::util::JsonStringToMessage(json, event.mutable_json());
  if (!status.ok()) {
    const auto why = status.message();
    return absl::InvalidArgumentError("not JSON: " +
                                      std::string(why.data(), why.size()));
  }
  return event;
}

}  // namespace sluice
