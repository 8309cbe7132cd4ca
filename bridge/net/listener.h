#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bridge/net/event_loop.h"
#include "bridge/net/socket.h"

namespace sluice {

// Listening sockets for `count` loops, all of one address: the kernel spreads
// connections over them (SO_REUSEPORT). Port 0 takes a free one.
// FailedPrecondition, naming the address, if it cannot be bound: the port is
// taken, also by another bridge, the address is another machine's, or `host`
// cannot be resolved.
//
// What is set on them, accepted sockets inherit: TCP_NODELAY, a bounded send
// buffer, TCP_NOTSENT_LOWAT, without which a client that never reads swallows
// megabytes before anyone notices, and TCP_USER_TIMEOUT, which finds dead
// peers.
absl::StatusOr<std::vector<Fd>> Listen(const std::string& host, uint16_t port,
                                       int count);

// The port that a listening socket was bound to.
uint16_t LocalPort(const Fd& listening);

// Accepts the connections of one loop.
//
// Thread safety: the loop's.
class Acceptor final : public EventLoop::Handler, private Timer {
 public:
  using OnAccept = std::function<void(Socket)>;

  // `loop` must outlive it.
  Acceptor(EventLoop& loop, Fd listening, OnAccept on_accept);
  ~Acceptor() override;

  absl::Status Start();

  // Accepts what waits, a part of it at a time so that a storm of connects does
  // not hold up the streams. With no descriptors left it pauses, says so in the
  // log now and then, and goes on by itself.
  void OnEvents(uint32_t events) override;

 private:
  void OnTimer() override { OnEvents(0); }
  void Pause(int error);

  EventLoop& loop_;
  const Fd listening_;
  const OnAccept on_accept_;
  int64_t silent_until_ms_ = 0;  // a pause before then is not logged
};

}  // namespace sluice
