// An incremental parser of event streams, as WHATWG HTML 9.2.6 has it: LF, CR
// and CRLF end a line, a byte order mark at the start is skipped, an event that
// no blank line ends is dropped.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sluice {

struct SseEvent {
  // Empty for an event without one, which a browser calls `message`.
  std::string type;
  // The `data` lines, joined with LF.
  std::string data;
  // The `id` of this event itself, if it has one.
  absl::optional<std::string> id;
  // What a browser would send as `Last-Event-ID` after this event: its own id,
  // or the last one before.
  std::string last_event_id;
};

class SseParser {
 public:
  // A line, and an event's data, may each have at most `max_bytes`.
  explicit SseParser(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Appends to `events` those that `bytes` completes. Bytes that are not UTF-8
  // pass as they are. RESOURCE_EXHAUSTED: a line or an event is too large; the
  // parser is of no further use.
  absl::Status Feed(absl::string_view bytes, std::vector<SseEvent>& events);

  // What a browser would send as `Last-Event-ID` if the stream broke off now:
  // an id counts from its blank line on, also where no data stands with it.
  const std::string& last_event_id() const { return dispatched_id_; }

  // The last `retry` there was; none: no such line that is a number.
  absl::optional<absl::Duration> retry() const { return retry_; }

  // Begins another stream, one that goes on after `last_event_id`. What was
  // unfinished is forgotten, retry() stays.
  void Restart(std::string last_event_id);

 private:
  absl::Status Line(absl::string_view line, std::vector<SseEvent>& events);
  void Field(absl::string_view name, absl::string_view value);
  void Dispatch(std::vector<SseEvent>& events);

  const std::size_t max_bytes_;
  // The unfinished line.
  std::string line_;
  // The last byte was a CR: an LF right after it belongs to the same line end.
  bool after_cr_ = false;
  bool first_line_ = true;

  std::string type_;
  std::string data_;
  absl::optional<std::string> id_;
  std::string last_event_id_;
  std::string dispatched_id_;
  absl::optional<absl::Duration> retry_;
};

}  // namespace sluice
