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

  // What it takes in memory, about.
  size_t MemoryBytes() const {
    return bytes->size() + marks.size() * sizeof(Mark);
  }

  // The last entry whose frame begins before `begin`; 0: none does.
  Offset LastBefore(size_t begin) const;

  // How many frames begin at `begin` or behind it.
  uint64_t FramesFrom(size_t begin) const;

  // Where a reader that is at `cursor`, not before the run, goes on in `bytes`;
  // nothing if that is inside a frame of several entries.
  absl::optional<size_t> BeginAfter(Offset cursor) const;
};

// How a stream wants its events.
struct StreamFormat {
  bool chunked = false;   // in chunks, as HTTP/1.1 has them
  bool several = false;   // of a selector: ids are cursors, ends are named
  bool envelope = false;  // as JSON that says all about them
};

// How the frames of a channel are written.
struct RunFormat {
  Epoch epoch;
  std::string error_event;
  StreamFormat stream;
  // Consecutive texts of one type become one event, up to 16 KiB.
  bool coalesce = false;

  // As many of `entries` as make about `max_bytes`, at least one; they are
  // taken away. `ended_at`: with this end, a stream of several is over.
  EncodedRun Encode(absl::Span<const EntryRef>& entries, size_t max_bytes,
                    Offset ended_at) const;

 private:
  void AppendEvent(const Entry& entry, absl::string_view data,
                   std::string& to) const;
  void AppendEnd(const Entry& end, bool last, std::string& to) const;
};

}  // namespace sluice
