// Makes events of what `sluice pub` reads: a line, or the whole of the input,
// each.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

struct EventShape {
  // The type and the id of each event; empty: none.
  std::string type;
  std::string id;
  // Input is JSON, not text.
  bool json = false;
  // The input is one event, so that no line is to be named.
  bool whole = false;
};

class EventMaker {
 public:
  explicit EventMaker(EventShape shape) : shape_(std::move(shape)) {}

  // The next line, or the whole, as an event. INVALID_ARGUMENT: it is not JSON
  // though it should be; the sentence names the line. Bytes that are not UTF-8
  // become U+FFFD.
  absl::StatusOr<v1::Event> Make(std::string input);

  // Whether some input was not UTF-8.
  bool cleaned() const { return cleaned_; }

 private:
  const EventShape shape_;
  std::uint64_t line_ = 0;
  bool cleaned_ = false;
};

}  // namespace sluice
