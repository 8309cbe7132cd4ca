#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <utility>

#include "absl/types/span.h"

namespace sluice {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// A connected stream socket that never blocks: what a connection reads from and
// writes to. TLS would stand here.
class Socket {
 public:
  // What became of a read or a write.
  enum class Outcome {
    kDone,        // `bytes` were moved, at least one
    kWouldBlock,  // none could be; an edge will tell when
    kClosed,      // the peer will send no more (reads only)
    kFailed,      // the connection is lost
  };
  struct Result {
    Outcome outcome;
    size_t bytes = 0;
  };

  explicit Socket(Fd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  Result Read(char* to, size_t bytes);

  // One sendmsg for all `parts`, at most IOV_MAX of them. Never raises SIGPIPE.
  Result Write(absl::Span<const iovec> parts);

  // Nothing will be written any more; the peer can still be read from.
  void ShutdownWrite();

 private:
  Fd fd_;
};

}  // namespace sluice
