#include "clients/cli/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace sluice {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Wakeup::~Wakeup() { close(fd_); }

void Wakeup::Notify() const {
  const int saved = errno;
  const std::uint64_t one = 1;
  // The only failure left is a full counter, and then the descriptor is
  // readable already.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof(one));
  errno = saved;
}

void Wakeup::Drain() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto taken = read(fd_, &count, sizeof(count));
}

}  // namespace sluice
