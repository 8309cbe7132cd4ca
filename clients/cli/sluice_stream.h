// What Sluice's event streams mean: tells events from housekeeping and from the
// two ends. Any other event stream that closes with `[DONE]`, as those of LLM
// APIs do, reads the same.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
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
  explicit SluiceStream(std::size_t max_bytes) : parser_(max_bytes) {}

  // Appends to `items` what `bytes` completes, up to an end; what comes after
  // an end is ignored. Errors: as of SseParser::Feed.
  //
  // A failure is an event `error` with `{"code","message"}` right before
  // `[DONE]`. Both come as one chunk, so an event like that is held back only
  // within these bytes: a producer's own one is never late.
  absl::Status Feed(absl::string_view bytes, std::vector<StreamItem>& items);

  // Whether an end has come.
  bool ended() const { return ended_; }

 private:
  void Take(SseEvent event, std::vector<StreamItem>& items);

  SseParser parser_;
  bool ended_ = false;
  // The event before was perhaps a failure: it may have been handed out
  // already, if the chunk came in two pieces.
  bool maybe_failed_ = false;
  StreamItem failure_{StreamItem::Kind::kFailed, {}};
};

}  // namespace sluice
