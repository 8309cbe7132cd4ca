#include "bridge/event/entry.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice {

Entry::Entry(Offset offset, absl::Time time,
             std::shared_ptr<const std::string> topic, EventDraft draft)
    : offset_(offset),
      time_(time),
      topic_(std::move(topic)),
      // Most events have neither id nor type: their payload moves in as it is.
      bytes_(draft.id.empty() && draft.type.empty()
                 ? std::move(draft.data)
                 : absl::StrCat(draft.id, draft.type, draft.data)),
      id_bytes_(static_cast<uint8_t>(draft.id.size())),
      type_bytes_(static_cast<uint8_t>(draft.type.size())),
      json_(draft.json),
      retry_ms_(draft.retry_ms) {}

Entry::Entry(Offset offset, absl::Time time,
             std::shared_ptr<const std::string> topic, End end, bool silent)
    : offset_(offset),
      time_(time),
      topic_(std::move(topic)),
      silent_end_(silent),
      end_(std::make_unique<const End>(std::move(end))) {}

}  // namespace sluice
