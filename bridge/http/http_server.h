#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/http_options.h"
#include "bridge/http/stats_feed.h"
#include "bridge/hub/hub.h"

namespace sluice {

// The HTTP side: as many loops as options say, on one port.
//
// Thread safety: the methods are for one thread, which owns it.
// Lifetime: the hub must outlive it. The destructor stops it.
class HttpServer {
 public:
  HttpServer(HttpOptions options, Hub& hub);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens and serves. FailedPrecondition, naming the address, if it cannot.
  absl::Status Start();

  // The port that was bound, once started.
  uint16_t port() const { return port_; }

  // Closes all connections, paced over about `span`, and calls `done` once, on
  // a thread of its own, when none is left; not at all if clients hold theirs
  // open. New requests are answered as by a full server.
  void Drain(absl::Duration span, const std::function<void()>& done);

 private:
  const HttpOptions options_;
  Hub& hub_;
  uint16_t port_ = 0;
  HttpTotals totals_;
  std::atomic<int> undrained_{0};
  std::vector<std::unique_ptr<HttpLoop>> loops_;
  std::shared_ptr<StatsFeed> stats_;
};

}  // namespace sluice
