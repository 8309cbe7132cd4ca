// Standard output, for commands that go on for long: text is gathered and
// written together.
//
// Threads: one.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/cli/interrupt.h"
#include "clients/cli/terminal.h"

namespace sluice {

class Output {
 public:
  // Does not own `fd`. `interrupt` must outlive this.
  Output(int fd, const Interrupt& interrupt) : fd_(fd), interrupt_(interrupt) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Where text waits for Flush.
  std::string& text() { return text_; }

  // Writes all that waits. Blocks until it has been taken. CANCELLED: nobody
  // wants it, since the pipe has lost its reader or Ctrl-C came while it was
  // full. UNAVAILABLE: it cannot be written, with a sentence.
  absl::Status Flush();

  // Whether it is a pipe without a reader, or a terminal that is gone.
  bool closed() const;

 private:
  const int fd_;
  const Interrupt& interrupt_;
  std::string text_;
};

// Flushes `output`; returns kExitOk, or what the command exits with: it cannot
// be written, which `terminal` is told, or nobody wants it.
int FlushOutput(Output& output, const Interrupt& interrupt, Terminal& terminal);

}  // namespace sluice
