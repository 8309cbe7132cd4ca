#include "clients/cli/sluice_stream.h"

#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/event/event_rules.h"
#include "clients/cli/json_value.h"
#include "clients/cli/status_text.h"

namespace sluice {
namespace {

// The failure that `event` tells of if `[DONE]` follows; none if it is just
// some producer's event of that type.
absl::optional<StreamItem> ParseFailure(const SseEvent& event) {
  if (event.type != "error") return absl::nullopt;
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

}  // namespace

absl::Status SluiceStream::Feed(absl::string_view bytes,
                                std::vector<StreamItem>& items) {
  std::vector<SseEvent> events;
  const absl::Status status = parser_.Feed(bytes, events);
  for (std::size_t i = 0; i < events.size() && !ended_; ++i) {
    const bool last = i + 1 == events.size();
    const bool before_done = !last && events[i + 1].data == kDoneMarker;
    auto failure = ParseFailure(events[i]);
    maybe_failed_ = maybe_failed_ && events[i].data == kDoneMarker;
    if (failure) {
      failure_ = *std::move(failure);
      maybe_failed_ = true;
      if (before_done) continue;
    }
    Take(std::move(events[i]), items);
  }
  return status;
}

void SluiceStream::Take(SseEvent event, std::vector<StreamItem>& items) {
  if (event.data == kDoneMarker) {
    ended_ = true;
    items.push_back(maybe_failed_ ? std::move(failure_)
                                  : StreamItem{StreamItem::Kind::kCompleted,
                                               std::move(event)});
  } else if (event.type == "sluice.gap") {
    items.push_back({StreamItem::Kind::kGap, std::move(event)});
  } else if (event.type != "sluice.position") {
    items.push_back({StreamItem::Kind::kEvent, std::move(event)});
  }
}

}  // namespace sluice
