#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "bridge/http/http_loop.h"
#include "bridge/http/http_options.h"
#include "bridge/hub/hub.h"
#include "bridge/net/socket.h"
#include "bridge/store/store.h"

namespace sluice {

// A store, a hub and one HTTP loop, which accepts on a local socket instead of
// a port: connecting, sending and closing are done when the call returns, so
// that after Settle nothing is on its way.
//
// Thread safety: for one thread.
class LoopServer {
 public:
  static constexpr uint64_t kMaxConnections = 6;
  static constexpr uint64_t kMaxEventBytes = 96 << 10;

  LoopServer();
  ~LoopServer();

  // A new connection, which never blocks.
  Fd Connect();

  // Returns when the loop has taken in all that was sent, closed, appended and
  // posted before.
  void Settle();

  void Publish(const std::string& topic, std::string text);
  void EndTopic(const std::string& topic, End end);
  void DeleteTopic(const std::string& topic);
  void Drain();

  Store& store() { return *store_; }
  int64_t connections() const { return totals_.connections; }

 private:
  const HttpOptions options_;
  Hub hub_;
  std::unique_ptr<Store> store_;
  HttpTotals totals_;
  std::string address_;
  std::unique_ptr<HttpLoop> loop_;
};

}  // namespace sluice
