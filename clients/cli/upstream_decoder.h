// Turns what an upstream of `sluice relay` sends into events that the bridge
// takes: an event stream's with their types and ids, any other body's lines.
//
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "clients/cli/limits.h"
#include "clients/cli/line_splitter.h"
#include "clients/cli/sluice_stream.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

class UpstreamDecoder {
 public:
  explicit UpstreamDecoder(bool event_stream) : event_stream_(event_stream) {}

  // Appends to `events` what `bytes` completes, up to the upstream's own end.
  // RESOURCE_EXHAUSTED: a line or an event is too large.
  //
  // An id or a type that the bridge would refuse is left out, U+0000 and what
  // is not UTF-8 become U+FFFD: a relay has nobody upstream to complain to.
  absl::Status Feed(absl::string_view bytes, std::vector<v1::Event>& events);

  // The body is complete: appends a last line without a line end.
  void Finish(std::vector<v1::Event>& events);

  // The end that the upstream has told: `[DONE]`, or a failure as a bridge
  // tells it. None: it has not.
  const absl::optional<v1::End>& end() const { return end_; }

  // What a bridge upstream has said about missing events (JSON), and types left
  // out, since the last call.
  std::vector<std::string> TakeNotes();

 private:
  void TakeItem(StreamItem item, std::vector<v1::Event>& events);
  void TakeLine(std::string line, std::vector<v1::Event>& events);
  void SetType(std::string type, v1::Event& event);

  const bool event_stream_;
  SluiceStream stream_{kMaxInputEventBytes};
  LineSplitter lines_{kMaxInputEventBytes};
  absl::optional<v1::End> end_;
  std::vector<std::string> notes_;
  bool noted_type_ = false;
};

}  // namespace sluice
