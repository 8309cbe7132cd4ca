// What Sluice's event streams mean: tells events from housekeeping and from the
// two ends, and knows the place from which to go on when the connection is
// lost. Any other event stream that closes with `[DONE]`, as those of LLM APIs
// do, reads the same.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "clients/cli/sse_parser.h"

namespace sluice {

struct StreamItem {
  enum class Kind {
    kEvent,
    // Events are missing here: `event.data` is the bridge's JSON.
    kGap,
    kCompleted,
    kFailed,
  };

  Kind kind;
  SseEvent event;
  // With kFailed: a gRPC status code 1-16, and a sentence.
  int code = 0;
  std::string message;
};

class SluiceStream {
 public:
  // `error_event`: the type by which the bridge tells of a failed end. Empty:
  // `error`, or, since a bridge may call it anything, whatever stands right
  // before `[DONE]` with the shape and the cursor of a failed end.
  explicit SluiceStream(std::size_t max_bytes, std::string error_event = "")
      : parser_(max_bytes), error_event_(std::move(error_event)) {}

  // Appends to `items` what `bytes` completes, up to an end; what comes after
  // an end is ignored. Errors: as of SseParser::Feed.
  //
  // A failed end is two events, so one that may be the first of them is held
  // back until the next one tells.
  absl::Status Feed(absl::string_view bytes, std::vector<StreamItem>& items);

  // Whether an event is held back that is a producer's own unless `[DONE]`
  // follows at once: both come as one chunk.
  bool holds() const { return held_ && !cut_; }

  // Appends to `items` an event that is held back; nothing if there is none.
  void Release(std::vector<StreamItem>& items);

  // The connection was lost, and another goes on after last_event_id(). What is
  // held back stays so until the first event of that one, which is the same
  // event if nothing is missing.
  void Restart();

  // Whether an end has come.
  bool ended() const { return ended_; }

  // Where to go on, by `Last-Event-ID`: behind all that was handed out. Empty:
  // from where the stream began.
  const std::string& last_event_id() const { return last_event_id_; }

  // How long the stream says to wait before coming back; none: it does not say.
  absl::optional<absl::Duration> retry() const { return parser_.retry(); }

 private:
  void Take(SseEvent event, std::vector<StreamItem>& items);
  void TakeEnd(SseEvent event, std::vector<StreamItem>& items);
  absl::optional<StreamItem> ParseFailure(const SseEvent& event) const;

  SseParser parser_;
  const std::string error_event_;
  bool ended_ = false;
  std::string last_event_id_;
  // The event before, if `[DONE]` makes it a failed end. Handed out already
  // unless `held_`.
  absl::optional<StreamItem> failure_;
  bool held_ = false;
  // The connection was lost, and no event has come over the new one.
  bool cut_ = false;
};

}  // namespace sluice
