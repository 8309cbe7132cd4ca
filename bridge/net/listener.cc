#include "bridge/net/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bridge/base/log.h"

namespace sluice {
namespace {

constexpr int kBacklog = 4096;
constexpr int kSendBufferBytes =
    128 << 10;  // the kernel doubles it for its own overhead
constexpr int kNotSentLowatBytes = 16 << 10;
constexpr int kUserTimeoutMs = 30000;
constexpr int kAcceptsATurn = 128;
constexpr int64_t kPauseMs = 100;
constexpr int64_t kLogEveryMs = 10000;

absl::Status SetOption(const Fd& fd, int level, int option, int value) {
  if (setsockopt(fd.get(), level, option, &value, sizeof(value)) != 0) {
    return absl::ErrnoToStatus(errno, "setsockopt");
  }
  return absl::OkStatus();
}

absl::Status SetOptions(const Fd& fd) {
  const struct {
    int level, option, value;
  } kOptions[] = {
      {SOL_SOCKET, SO_REUSEADDR, 1},
      {SOL_SOCKET, SO_SNDBUF, kSendBufferBytes},
      {IPPROTO_TCP, TCP_NODELAY, 1},
      {IPPROTO_TCP, TCP_NOTSENT_LOWAT, kNotSentLowatBytes},
      {IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs},
  };
  for (const auto& option : kOptions) {
    if (absl::Status status =
            SetOption(fd, option.level, option.option, option.value);
        !status.ok())
      return status;
  }
  return absl::OkStatus();
}

// The first socket is bound without SO_REUSEPORT, and so fails if anyone else
// listens there, and gets it before the others follow.
absl::StatusOr<Fd> Bind(const addrinfo& info, const sockaddr* address,
                        bool first) {
  Fd fd(socket(info.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "socket");
  if (absl::Status status = SetOptions(fd); !status.ok()) return status;
  if (!first) {
    if (absl::Status status = SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        !status.ok())
      return status;
  }
  if (bind(fd.get(), address, info.ai_addrlen) != 0)
    return absl::ErrnoToStatus(errno, "bind");
  if (first) {
    if (absl::Status status = SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        !status.ok())
      return status;
  }
  return fd;
}

}  // namespace

absl::StatusOr<std::vector<Fd>> Listen(const std::string& host, uint16_t port,
                                       int count) {
  const std::string name = absl::StrCat(host, ":", port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* infos = nullptr;
  if (const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                    absl::StrCat(port).c_str(), &hints, &infos);
      error != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot listen on ", name, ": ", gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> free_infos(
      infos, freeaddrinfo);

  sockaddr_storage address{};
  std::memcpy(&address, infos->ai_addr, infos->ai_addrlen);
  std::vector<Fd> listening;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<Fd> fd =
        Bind(*infos, reinterpret_cast<const sockaddr*>(&address), i == 0);
    if (!fd.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on ", name, ": ", fd.status().message()));
    }
    socklen_t length = sizeof(address);
    getsockname(fd->get(), reinterpret_cast<sockaddr*>(&address), &length);
    listening.push_back(*std::move(fd));
  }
  for (const Fd& fd : listening) {
    if (listen(fd.get(), kBacklog) != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot listen on ", name, ": ", std::strerror(errno)));
    }
  }
  return listening;
}

uint16_t LocalPort(const Fd& listening) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

Acceptor::Acceptor(EventLoop& loop, Fd listening, OnAccept on_accept)
    : loop_(loop),
      listening_(std::move(listening)),
      on_accept_(std::move(on_accept)) {}

Acceptor::~Acceptor() { loop_.Remove(listening_.get()); }

absl::Status Acceptor::Start() {
  return loop_.Add(listening_.get(), EPOLLIN, *this);
}

void Acceptor::OnEvents(uint32_t events) {
  for (int i = 0; i < kAcceptsATurn; ++i) {
    Fd fd(accept4(listening_.get(), nullptr, nullptr,
                  SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.valid()) {
      on_accept_(Socket(std::move(fd)));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
        errno == ENOMEM) {
      return Pause(errno);
    }
    // What is left are connections that were gone before they were accepted.
  }
  loop_.Rearm(listening_.get(), EPOLLIN, *this);
}

void Acceptor::Pause(int error) {
  const int64_t now_ms = loop_.now_ms();
  // Each client that connects meanwhile tries again.
  if (now_ms >= silent_until_ms_) {
    Log(LogLevel::kWarning, "accepting paused",
        {{"reason", std::strerror(error)}});
    silent_until_ms_ = now_ms + kLogEveryMs;
  }
  loop_.timers().Arm(*this, now_ms + kPauseMs);
}

}  // namespace sluice
