#include "bridge/net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {
namespace {

Socket::Result FailureResult() {
  return {errno == EAGAIN || errno == EWOULDBLOCK ? Socket::Outcome::kWouldBlock
                                                  : Socket::Outcome::kFailed};
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

Socket::Result Socket::Read(char* to, size_t bytes) {
  ssize_t n;
  do {
    n = recv(fd_.get(), to, bytes, 0);
  } while (n < 0 && errno == EINTR);
  if (n > 0) return {Outcome::kDone, static_cast<size_t>(n)};
  return n == 0 ? Result{Outcome::kClosed} : FailureResult();
}

Socket::Result Socket::Write(absl::Span<const iovec> parts) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  ssize_t n;
  do {
    n = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return FailureResult();
  return {Outcome::kDone, static_cast<size_t>(n)};
}

void Socket::ShutdownWrite() { shutdown(fd_.get(), SHUT_WR); }

}  // namespace sluice
