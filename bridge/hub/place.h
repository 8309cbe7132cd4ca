#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "bridge/store/store.h"

namespace sluice {

// Why events that a reader asked for are not there.
enum class GapReason { kTrimmed, kUnknownId, kEpochChanged, kGone };

// "trimmed", "unknown_id", "epoch_changed", "gone".
absl::string_view GapReasonName(GapReason reason);

// How many of the topics that lost something a gap names at the most.
inline constexpr size_t kMaxGapTopics = 64;

// Events are missing here: told to the reader, and then everything that is
// still there follows.
struct Gap {
  std::string requested;
  Offset resumed = 0;
  GapReason reason = GapReason::kTrimmed;
};

// The gap that a reader at `cursor` is told when it goes on with what is there
// of a topic that has lost so much; nothing if it misses nothing.
absl::optional<Gap> GapAfter(Offset cursor, const Lost& lost,
                             const Epoch& epoch);

// Where a reader wants to begin.
struct StartAt {
  std::string
      id;  // a cursor or an event's id, which wins over the rest; empty: none
  absl::optional<TopicSettings::Start> start;
  absl::optional<uint64_t> last;  // the last N that are kept
};

// Losses among several topics that a reader is yet to be told of, since they
// stand further on. Some of what is lost may be from before its place; so until
// it has come past them, it is shown nothing that was read before they were.
struct LossAhead {
  Offset through = 0;   // where the last of them stands; 0: there is none
  uint64_t losses = 0;  // how many the log had had
};

// Where it begins.
struct Place {
  Offset after = 0;
  absl::optional<Gap> gap;
  bool tell_position = false;  // it begins at the latest: it must learn its
                               // place before the first event
  bool nothing_left = false;   // all has ended, and the reader has all of it

  // Of several topics: the ends before the place that a new reader is told at
  // once, and the last loss that it need not be told of.
  std::vector<EntryRef> ends;
  uint64_t known_losses = 0;
  LossAhead ahead;
};

// What Store::Describe must look up for `start`: the id, unless it is a cursor.
std::string IdToLookUp(const StartAt& start);

// The place of a reader of several topics. Ids are cursors there. Without one
// it is the earliest, or with patterns the latest.
Place FindPlace(const StartAt& start, const Selector& selector,
                const Store::Overview& overview, const Epoch& epoch);

// The place of a reader of one topic, from what the store said of it.
Place FindPlace(const StartAt& start, const Store::Description& description,
                const Epoch& epoch);

}  // namespace sluice
