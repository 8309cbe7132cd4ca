#include "bridge/grpc/acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "bridge/base/log.h"
#include "bridge/grpc/listening_sockets.h"

namespace sluice {
namespace {

constexpr int kAcceptsATurn = 64;
constexpr int kPauseMs = 100;
constexpr std::chrono::milliseconds kLookAgain(100);
constexpr std::chrono::seconds kLogPeriod(10);

std::pair<dev_t, ino_t> IdentityOf(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

bool NoDescriptorLeft(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

GrpcAcceptor::GrpcAcceptor(size_t max_connections, absl::Duration user_timeout)
    : max_connections_(max_connections),
      user_timeout_(user_timeout),
      refused_log_(1, kLogPeriod),
      paused_log_(1, kLogPeriod) {}

GrpcAcceptor::~GrpcAcceptor() { Stop(); }

absl::Status GrpcAcceptor::Listen(const std::string& address) {
  auto listening = ListenOnAll(address, user_timeout_);
  if (!listening.ok()) return listening.status();
  listening_ = *std::move(listening);
  port_ = PortOf(listening_.front());
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) return absl::ErrnoToStatus(errno, "eventfd");
  return absl::OkStatus();
}

void GrpcAcceptor::Start(std::unique_ptr<Connections> connections) {
  connections_ = std::move(connections);
  thread_ = std::thread([this] { Run(); });
}

void GrpcAcceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (write(stop_, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  for (const int fd : listening_) close(fd);
  listening_.clear();
  if (stop_ >= 0) close(stop_);
  stop_ = -1;
}

void GrpcAcceptor::Run() {
  std::vector<pollfd> polled = {{stop_, POLLIN, 0}};
  for (const int fd : listening_) polled.push_back({fd, POLLIN, 0});
  for (;;) {
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[0].revents != 0) return;
    bool pause = false;
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents != 0 && !AcceptSome(polled[i].fd)) pause = true;
    }
    // The port would be readable all the while.
    if (pause && poll(polled.data(), 1, kPauseMs) > 0) return;
  }
}

bool GrpcAcceptor::AcceptSome(int listening) {
  for (int i = 0; i < kAcceptsATurn; ++i) {
    const int fd =
        accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      HandOver(listening, fd);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (NoDescriptorLeft(errno)) {
      const int error = errno;
      if (paused_log_.Take(LogLimit::Clock::now()).has_value()) {
        Log(LogLevel::kWarning, "accepting gRPC connections paused",
            {{"reason", std::strerror(error)}});
      }
      return false;
    }
    // What is left are connections that were gone before they were accepted.
  }
  return true;
}

void GrpcAcceptor::HandOver(int listening, int fd) {
  open_.erase(fd);
  if (!HasRoom()) {
    close(fd);
    if (const auto more = refused_log_.Take(LogLimit::Clock::now())) {
      Log(LogLevel::kWarning, "gRPC connections refused",
          {{"max_grpc_connections", max_connections_}, {"count", *more + 1}});
    }
    return;
  }
  open_[fd] = IdentityOf(fd);
  Connections::NewConnectionParameters parameters;
  parameters.listener_fd = listening;
  parameters.fd = fd;
  connections_->HandleNewConnection(&parameters);
}

bool GrpcAcceptor::HasRoom() {
  if (open_.size() < max_connections_) return true;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return false;
  for (auto it = open_.begin(); it != open_.end();) {
    const auto old = it++;
    if (IdentityOf(old->first) != old->second) open_.erase(old);
  }
  if (open_.size() < max_connections_) return true;
  next_look_ = now + kLookAgain;
  return false;
}

}  // namespace sluice
