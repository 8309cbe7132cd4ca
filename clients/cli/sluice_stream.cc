#include "clients/cli/sluice_stream.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/event/cursor.h"
#include "bridge/event/event_rules.h"
#include "clients/cli/json_value.h"
#include "clients/cli/status_text.h"

namespace sluice {
namespace {

constexpr absl::string_view kErrorEvent = "error";

bool IsSame(const SseEvent& a, const SseEvent& b) {
  return a.type == b.type && a.data == b.data &&
         a.last_event_id == b.last_event_id;
}

// Whether both ids are cursors of one log, as those of a failed end's two
// events are.
bool AreCursorsOfOneLog(const SseEvent& a, const SseEvent& b) {
  const auto first = Cursor::Parse(a.last_event_id);
  const auto second = Cursor::Parse(b.last_event_id);
  return first && second && first->epoch == second->epoch;
}

}  // namespace

absl::Status SluiceStream::Feed(absl::string_view bytes,
                                std::vector<StreamItem>& items) {
  std::vector<SseEvent> events;
  const absl::Status status = parser_.Feed(bytes, events);
  for (SseEvent& event : events) {
    if (ended_) break;
    Take(std::move(event), items);
  }
  if (!held_) last_event_id_ = parser_.last_event_id();
  return status;
}

void SluiceStream::Take(SseEvent event, std::vector<StreamItem>& items) {
  if (std::exchange(cut_, false) && held_ && IsSame(failure_->event, event))
    held_ = false;
  if (event.data == kDoneMarker) return TakeEnd(std::move(event), items);
  Release(items);
  const std::string id = event.last_event_id;
  failure_ = ParseFailure(event);
  held_ = failure_.has_value();
  if (held_) return;
  last_event_id_ = id;
  if (event.type == "sluice.gap") {
    items.push_back({StreamItem::Kind::kGap, std::move(event)});
  } else if (event.type != "sluice.position") {
    items.push_back({StreamItem::Kind::kEvent, std::move(event)});
  }
}

void SluiceStream::TakeEnd(SseEvent event, std::vector<StreamItem>& items) {
  ended_ = true;
  const bool failed = failure_ && (failure_->event.type == kErrorEvent ||
                                   failure_->event.type == error_event_ ||
                                   AreCursorsOfOneLog(failure_->event, event));
  if (failed) {
    held_ = false;
    items.push_back(*std::move(failure_));
    return;
  }
  Release(items);
  items.push_back({StreamItem::Kind::kCompleted, std::move(event)});
}

void SluiceStream::Release(std::vector<StreamItem>& items) {
  if (!std::exchange(held_, false)) return;
  last_event_id_ = failure_->event.last_event_id;
  items.push_back({StreamItem::Kind::kEvent, failure_->event});
}

void SluiceStream::Restart() {
  cut_ = true;
  if (!held_) failure_.reset();
  parser_.Restart(last_event_id_);
}

absl::optional<StreamItem> SluiceStream::ParseFailure(
    const SseEvent& event) const {
  if (error_event_.empty() ? event.type.empty() : event.type != error_event_)
    return absl::nullopt;
  // Of types that only may be the one, only what a bridge writes itself: most
  // events need not be parsed.
  if (event.type != kErrorEvent && event.type != error_event_ &&
      !absl::StartsWith(event.data, "{\"code\":\""))
    return absl::nullopt;
  const auto json = ParseJson(event.data);
  if (!json.ok() || !json->has_struct_value() ||
      json->struct_value().fields_size() != 2)
    return absl::nullopt;
  const auto code = ParseFailureCode(StringField(json->struct_value(), "code"));
  if (!code || json->struct_value().fields().count("message") == 0)
    return absl::nullopt;
  return StreamItem{StreamItem::Kind::kFailed, event, *code,
                    StringField(json->struct_value(), "message")};
}

}  // namespace sluice
