// A command's surroundings in a test: standard input is a pipe that the test
// writes, the outputs are files in memory.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "clients/cli/interrupt.h"
#include "clients/cli/io.h"

namespace sluice {

class TestIo {
 public:
  TestIo();
  ~TestIo();

  Io io() { return Io{in_, out_, err_, interrupt}; }

  // Blocks only if the pipe is full (64 KiB).
  void Write(absl::string_view text);
  void CloseInput();

  std::string Out() const;
  std::string Err() const;

  Interrupt interrupt;

 private:
  int in_;
  int in_writer_;
  int out_;
  int err_;
};

}  // namespace sluice
