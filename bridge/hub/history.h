#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "bridge/hub/hub.h"
#include "bridge/hub/place.h"

namespace sluice {

// A page of what a topic keeps.
struct HistoryRequest {
  // A cursor or an event's id, behind which the page begins; empty: at the
  // earliest event that is kept.
  std::string after;
  absl::optional<uint64_t> last;  // the last N that are kept, unless `after`
  uint64_t limit = 100;           // events, unless `last`
};

struct HistoryPage {
  bool there = false;  // the topic is; the rest counts only then
  std::vector<EntryRef> events;
  // Where the next page begins, or a stream that goes on from here: the end's
  // if the page reaches it, on the last page of an open topic the log's visible
  // end.
  Offset cursor = 0;
  EntryRef end;             // null unless the page reaches it
  absl::optional<Gap> gap;  // what was asked for and is not there
};

// A page is cut short beyond about this, so that it fits into one message.
inline constexpr size_t kMaxPageBytes = 2 << 20;

// Reads a page. `done` is called once, maybe within this call and maybe on
// another thread.
//
// Thread safety: any thread. Lifetime: the hub and its store must be there
// until `done` is called.
void ReadHistory(Hub& hub, const std::string& topic,
                 const HistoryRequest& request,
                 std::function<void(HistoryPage)> done);

}  // namespace sluice
