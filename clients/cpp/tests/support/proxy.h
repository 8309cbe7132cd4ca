// Stands between a publisher and a bridge: cuts connections with a reset, drops
// what the bridge says, or takes nothing from the publisher.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "support/socket.h"

namespace sluice::testing {

class Proxy {
 public:
  // `cut_after` is asked for the bytes that each connection lives for, both
  // ways together.
  explicit Proxy(std::string to,
                 std::function<std::int64_t()> cut_after = nullptr);
  ~Proxy();

  std::string target() const { return listener_.address(); }
  int connections() const { return connections_; }
  void set_deaf(bool deaf) { deaf_ = deaf; }
  void set_mute(bool mute) { mute_ = mute; }
  void Cut();

 private:
  struct Connection {
    Connection(Socket from, Socket to, std::int64_t bytes)
        : client(std::move(from)), server(std::move(to)), left(bytes) {}
    void Reset() const {
      client.Reset();
      server.Reset();
    }
    const Socket client;
    const Socket server;
    std::atomic<std::int64_t> left;
    std::thread up;
    std::thread down;
  };

  void Accept();
  void Pump(Connection& connection, bool up);

  const std::string to_;
  const std::function<std::int64_t()> cut_after_;
  const Socket listener_ = Socket::Listen();
  std::atomic<bool> deaf_{false};
  std::atomic<bool> mute_{false};
  std::atomic<bool> closing_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::list<std::unique_ptr<Connection>> open_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::testing
