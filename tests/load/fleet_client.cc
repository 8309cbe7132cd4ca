#include "tests/load/fleet_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/load/fleet_group.h"
#include "tests/load/source_address.h"

namespace sluice {
namespace {

// A client that was never told when to come back tries again after this.
constexpr int64_t kDefaultRetryMs = 1000;

}  // namespace

void FleetClient::Connect() {
  ++group_.counts.attempts;
  read_ = 0;
  stream_.OnReconnect();
  state_ = State::kConnecting;
  if (!OpenSocket()) {
    std::perror("sse_fleet: connect");
    OnEnd(End::kRefused);
  }
}

bool FleetClient::OpenSocket() {
  FleetNetwork& network = group_.network();
  fd_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) return false;
  const int buffer = group_.options().receive_buffer;
  if (buffer > 0) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
  }
  if (!BindSourceAddress(fd_, network.connections++)) return false;
  if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&network.server),
              sizeof(network.server)) != 0 &&
      errno != EINPROGRESS && errno != ECONNREFUSED)
    return false;
  return network.loop.Add(fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP, *this)
      .ok();
}

void FleetClient::OnEvents(uint32_t events) {
  if (state_ == State::kConnecting) {
    if (events & (EPOLLERR | EPOLLHUP)) return OnEnd(End::kRefused);
    if (!(events & EPOLLOUT)) return;
    OnConnected();
  }
  if (state_ != State::kConnected) return;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
    Read(group_.Allowed(read_));
  }
  // One that does not read learns nothing but this.
  if (state_ == State::kConnected && (events & (EPOLLERR | EPOLLHUP))) {
    OnEnd(End::kReset);
  }
}

void FleetClient::OnConnected() {
  const ClientOptions& options = group_.options();
  std::string request = absl::StrCat(
      "GET ", options.target,
      " HTTP/1.1\r\nHost: sluice\r\nAccept: ", options.accept, "\r\n");
  if (!stream_.last_id().empty()) {
    absl::StrAppend(&request, "Last-Event-ID: ", stream_.last_id(), "\r\n");
  }
  request += "\r\n";
  // A fresh socket takes this much at once.
  const ssize_t sent =
      send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) return OnEnd(End::kReset);
  state_ = State::kConnected;
}

void FleetClient::Read(uint64_t most) {
  if (state_ != State::kConnected) return;
  std::vector<char>& scratch = group_.network().scratch;
  while (most > 0) {
    const size_t wanted = std::min<uint64_t>(most, scratch.size());
    const ssize_t got = recv(fd_.get(), scratch.data(), wanted, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return OnEnd(got == 0 ? End::kOrderly : End::kReset);
    read_ += static_cast<uint64_t>(got);
    most -= static_cast<uint64_t>(got);
    stream_.Feed({scratch.data(), static_cast<size_t>(got)}, SteadyUs(),
                 group_.tally());
    if (stream_.opened() && !opened_before_) {
      opened_before_ = true;
      group_.OnFirstOpened();
    }
  }
}

void FleetClient::OnEnd(End end) {
  fd_ = Fd();
  FleetGroup::Counts& counts = group_.counts;
  if (end == End::kOrderly) ++counts.ended;
  if (end == End::kReset) ++counts.reset;
  if (end == End::kRefused) ++counts.refused;
  if (end != End::kRefused) group_.CountEnd(stream_);
  const bool finished = stream_.done() || stream_.status() == 204;
  if (!group_.options().comes_back || finished) {
    state_ = State::kClosed;
    return;
  }
  state_ = State::kWaiting;
  EventLoop& loop = group_.network().loop;
  loop.timers().Arm(*this,
                    loop.now_ms() + (stream_.retry_ms() > 0 ? stream_.retry_ms()
                                                            : kDefaultRetryMs));
}

void FleetClient::Close(bool reset) {
  Disarm();
  if (fd_.valid() && reset) {
    const linger now{1, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  fd_ = Fd();
  state_ = State::kClosed;
}

}  // namespace sluice
