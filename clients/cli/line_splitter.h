// Cuts a stream of bytes into lines as it comes. LF and CRLF end a line; a CR
// alone is part of it.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

class LineSplitter {
 public:
  // A line may have at most `max_line` bytes.
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  // Appends to `lines` the lines that `bytes` completes, without their ends.
  // RESOURCE_EXHAUSTED: a line is too long; the splitter is of no further use.
  absl::Status Feed(absl::string_view bytes, std::vector<std::string>& lines);

  // The last line, if the stream ended without a line end.
  absl::optional<std::string> Finish();

 private:
  const std::size_t max_line_;
  std::string rest_;
};

}  // namespace sluice
