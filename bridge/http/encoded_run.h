#pragma once

#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "bridge/event/entry.h"
#include "bridge/http/gather_sink.h"

namespace sluice {

// Consecutive frames of one topic, encoded once for all readers of a loop.
struct EncodedRun {
  // A frame, of the entries from `first` to `last`.
  struct Mark {
    Offset first;
    Offset last;
    size_t begin;  // in `bytes`
  };

  SharedBytes bytes;
  std::vector<Mark> marks;
  Offset reached = 0;       // a reader that has the run is here
  bool ended = false;       // the topic's end is the last of it
  bool at_log_end = false;  // a segment that was cut short by the log's end

  // Where a reader that is at `cursor`, not before the run, goes on in `bytes`;
  // nothing if that is inside a frame of several entries.
  absl::optional<size_t> BeginAfter(Offset cursor) const;
};

// How the frames of a topic are written.
struct RunFormat {
  Epoch epoch;
  std::string error_event;
  bool chunked = false;
  // Consecutive texts of one type become one event, up to 16 KiB.
  bool coalesce = false;

  // `frame` as it goes out.
  std::string Framed(std::string frame) const;

  // As many of `entries` as make about `max_bytes`, at least one; they are
  // taken away.
  EncodedRun Encode(absl::Span<const EntryRef>& entries,
                    size_t max_bytes) const;
};

}  // namespace sluice
