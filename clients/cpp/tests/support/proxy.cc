#include "support/proxy.h"

#include <chrono>
#include <limits>
#include <utility>

namespace sluice::testing {

Proxy::Proxy(std::string to, std::function<std::int64_t()> cut_after)
    : to_(std::move(to)),
      cut_after_(std::move(cut_after)),
      thread_([this] { Accept(); }) {}

Proxy::~Proxy() {
  closing_ = true;
  Socket::Dial(target());  // ends the accept
  thread_.join();
  Cut();
  for (const auto& connection : open_) {
    connection->up.join();
    connection->down.join();
  }
}

void Proxy::Cut() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& connection : open_) connection->Reset();
}

void Proxy::Accept() {
  for (;;) {
    Socket client = listener_.Accept();
    if (closing_) return;
    ++connections_;
    Socket server = Socket::Dial(to_);
    if (!server.ok()) {
      client.Reset();
      continue;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    open_.push_back(std::make_unique<Connection>(
        std::move(client), std::move(server),
        cut_after_ ? cut_after_() : std::numeric_limits<std::int64_t>::max()));
    Connection& connection = *open_.back();
    connection.up =
        std::thread([this, &connection] { Pump(connection, true); });
    connection.down =
        std::thread([this, &connection] { Pump(connection, false); });
  }
}

void Proxy::Pump(Connection& connection, bool up) {
  const Socket& from = up ? connection.client : connection.server;
  const Socket& to = up ? connection.server : connection.client;
  for (;;) {
    while (up && deaf_ && !closing_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::string bytes = from.Receive(16 << 10);
    const auto size = static_cast<std::int64_t>(bytes.size());
    const std::int64_t left = connection.left -= size;
    if (left <= 0) bytes.resize(std::max<std::int64_t>(0, size + left));
    const bool sent = (!up && mute_) || to.Send(bytes);
    if (size == 0 || left <= 0 || !sent) break;
  }
  connection.Reset();
}

}  // namespace sluice::testing
