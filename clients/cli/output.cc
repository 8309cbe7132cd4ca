#include "clients/cli/output.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "clients/cli/exit_code.h"

namespace sluice {

absl::Status Output::Flush() {
  absl::string_view rest = text_;
  while (!rest.empty()) {
    pollfd fds[] = {{fd_, POLLOUT, 0}, {interrupt_.fd(), POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[0].revents == 0) return absl::CancelledError("Ctrl-C");
    // A pipe that poll says can be written takes as much as this at once.
    const auto part = rest.substr(0, PIPE_BUF);
    const auto written = write(fd_, part.data(), part.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return absl::CancelledError("the reader is gone");
    } else if (errno != EINTR && errno != EAGAIN) {
      return absl::UnavailableError(absl::StrCat(
          "can't write to standard output: ", std::strerror(errno)));
    }
  }
  text_.clear();
  return absl::OkStatus();
}

bool Output::closed() const {
  pollfd output{fd_, 0, 0};
  return poll(&output, 1, 0) == 1;
}

int FlushOutput(Output& output, const Interrupt& interrupt,
                Terminal& terminal) {
  const absl::Status status = output.Flush();
  if (status.ok()) return kExitOk;
  if (interrupt.raised()) return interrupt.exit_code();
  // `sluice sub topic | head` is no mistake.
  if (!absl::IsCancelled(status)) terminal.Note(status.message());
  return kExitFailure;
}

}  // namespace sluice
