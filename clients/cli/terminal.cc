#include "clients/cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);
// Back to the first column, and erase to the end of the line (ECMA-48 EL).
constexpr absl::string_view kEraseLine = "\r\x1b[K";

}  // namespace

Terminal::Terminal(int fd, bool quiet)
    : fd_(fd), shows_progress_(!quiet && isatty(fd) == 1) {}

Terminal::~Terminal() { Clear(); }

void Terminal::Note(absl::string_view sentence) {
  Clear();
  std::string line = absl::StrCat("sluice: ", sentence);
  // A server's message, or an upstream's, must not steer the terminal.
  std::replace_if(
      line.begin(), line.end(),
      [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  Write(absl::StrCat(line, "\n"));
}

void Terminal::Summary(absl::string_view text) {
  if (shows_progress_) Note(text);
}

void Terminal::Progress(absl::string_view text, absl::Time now) {
  if (!shows_progress_ || now < next_) return;
  next_ = now + kInterval;
  line_shown_ = true;
  Write(absl::StrCat(kEraseLine, text));
}

void Terminal::Clear() {
  if (std::exchange(line_shown_, false)) Write(kEraseLine);
}

void Terminal::Write(absl::string_view text) {
  // Nobody can be told that standard error is broken.
  while (!text.empty()) {
    const auto written = write(fd_, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace sluice
