#include "clients/cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "tests/unit/cli/test_io.h"

namespace sluice {
namespace {

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1);

// A pseudo-terminal, and what has been written to it.
class Pty {
 public:
  Pty() : primary_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    grantpt(primary_);
    unlockpt(primary_);
    fd_ = open(ptsname(primary_), O_RDWR | O_NOCTTY);
  }
  ~Pty() {
    close(fd_);
    close(primary_);
  }

  int fd() const { return fd_; }

  // The next `bytes` of it, or as many as come within five seconds: the kernel
  // hands them over in parts, and not within the write.
  std::string Take(size_t bytes) const {
    std::string taken;
    pollfd ready{primary_, POLLIN, 0};
    while (taken.size() < bytes && poll(&ready, 1, 5000) == 1) {
      char buffer[4096];
      const auto count = read(primary_, buffer, sizeof(buffer));
      if (count <= 0) break;
      taken.append(buffer, static_cast<size_t>(count));
    }
    return taken;
  }

 private:
  int primary_;
  int fd_;
};

TEST(TerminalTest, ProgressIsOneLineRewrittenFiveTimesASecondAtMost) {
  const Pty pty;
  {
    Terminal terminal(pty.fd(), /*quiet=*/false);
    terminal.Progress("1 event", kStart);
    terminal.Progress("2 events", kStart + absl::Milliseconds(199));
    terminal.Progress("3 events", kStart + absl::Milliseconds(200));
  }
  const std::string shown = "\r\x1b[K1 event\r\x1b[K3 events\r\x1b[K";
  EXPECT_EQ(pty.Take(shown.size()), shown);
}

TEST(TerminalTest, ANoteTakesTheProgressAway) {
  const Pty pty;
  Terminal terminal(pty.fd(), /*quiet=*/false);
  terminal.Progress("1 event", kStart);
  terminal.Note("no");
  const std::string shown = "\r\x1b[K1 event\r\x1b[Ksluice: no\r\n";
  EXPECT_EQ(pty.Take(shown.size()), shown);
}

TEST(TerminalTest, QuietShowsNotesOnly) {
  const Pty pty;
  Terminal terminal(pty.fd(), /*quiet=*/true);
  terminal.Progress("1 event", kStart);
  terminal.Summary("1 event accepted");
  terminal.Note("no");
  const std::string shown = "sluice: no\r\n";
  EXPECT_EQ(pty.Take(shown.size()), shown);
}

TEST(TerminalTest, WhatIsNoTerminalSeesNotesOnly) {
  TestIo io;
  Terminal terminal(io.io().err, /*quiet=*/false);
  terminal.Progress("1 event", kStart);
  terminal.Summary("1 event accepted");
  terminal.Note("no");
  EXPECT_EQ(io.Err(), "sluice: no\n");
}

TEST(TerminalTest, ANoteCannotSteerTheTerminal) {
  TestIo io;
  Terminal(io.io().err, false).Note("a\x1b[2Jb\nc");
  EXPECT_EQ(io.Err(), "sluice: a [2Jb c\n");
}

}  // namespace
}  // namespace sluice
