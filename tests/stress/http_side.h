#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bridge/http/http_server.h"
#include "bridge/hub/hub.h"
#include "bridge/store/memory_store.h"

namespace sluice {

// The server without gRPC, in this process and on a free port, wired as
// bridge/bridge.cc does it. The HTTP side may go and come again while the log
// stays.
//
// Thread safety: StartHttp, the drains, StopHttp and options are for one
// thread, the rest for any.
class HttpSide {
 public:
  // Options that suit tests: two loops, and no heartbeat that would bring an
  // event which a reader ought to have had without it.
  static HttpOptions Options();

  // `tap` hears of each commit before the hub does; may be null.
  explicit HttpSide(TopicSettings defaults = {}, Store::Listener tap = nullptr);
  ~HttpSide();
  HttpSide(const HttpSide&) = delete;
  HttpSide& operator=(const HttpSide&) = delete;

  void StartHttp(const HttpOptions& options = Options());
  void BeginDrain(absl::Duration span);
  // Blocks until nobody is connected or `span` is over.
  void Drain(absl::Duration span);
  void StopHttp();

  // Of the HTTP side that was started last.
  const HttpOptions& options() const { return options_; }

  // 0 while there is no HTTP side.
  int port() const { return port_; }
  Hub& hub() { return hub_; }
  Store& store() { return *store_; }

  // The store's own methods, made to block.
  absl::StatusOr<Store::Appended> Append(Store::AppendRequest request);
  Store::Description Describe(const std::string& topic);
  absl::Status Create(const std::string& topic, TopicSettings settings,
                      bool replace_ended);
  absl::Status Delete(const std::string& topic);

  // One event after the other, and the end behind them.
  void Publish(const std::string& topic, const std::vector<std::string>& texts,
               bool end);

  std::string CursorOf(Offset offset) const {
    return Cursor{store_->epoch(), offset}.ToString();
  }

 private:
  HttpOptions options_;
  Hub hub_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<HttpServer> http_;
  std::atomic<int> port_{0};
};

}  // namespace sluice
