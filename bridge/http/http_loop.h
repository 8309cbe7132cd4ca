#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bridge/http/channels.h"
#include "bridge/http/connection.h"
#include "bridge/http/gather_sink.h"
#include "bridge/http/http_options.h"
#include "bridge/http/httplib_adapter.h"
#include "bridge/http/loop_counters.h"
#include "bridge/http/request_body.h"
#include "bridge/hub/hub.h"
#include "bridge/net/event_loop.h"
#include "bridge/net/listener.h"

namespace sluice {

// What all loops count together, and its limits.
struct HttpTotals {
  explicit HttpTotals(const HttpOptions& options)
      : body_memory(options.request_memory) {}

  std::atomic<int64_t> connections{0};
  BodyMemory body_memory;
};

// One event loop of the HTTP side with all that its thread owns: the listening
// socket, the connections, the channels of the topics that they read, and the
// parts that they share.
//
// Thread safety: Start, Drain, Stop and RunInLoop are for any thread; the rest
// is the loop's own. Lifetime: the hub, the options and the
// totals must outlive it.
class HttpLoop {
 public:
  HttpLoop(std::unique_ptr<EventLoop> event_loop, Fd listening, Hub& hub,
           const HttpOptions& options, HttpTotals& totals);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  // Starts the thread.
  absl::Status Start();

  // Closes all connections over about `span`, and answers new ones as a full
  // server does. `done` is called in the loop when none is left.
  void Drain(absl::Duration span, std::function<void()> done);

  // Ends the thread, and with it whatever is still open.
  void Stop();

  bool InLoop() const { return std::this_thread::get_id() == thread_id_; }
  // Calls `work` in the loop: at once if that is where the caller is.
  void RunInLoop(std::function<void()> work);

  EventLoop& event_loop() { return *event_loop_; }
  Hub& hub() { return hub_; }
  const Epoch& epoch() const { return hub_.store().epoch(); }
  const HttpOptions& options() const { return options_; }
  LoopInbox& inbox() { return inbox_; }
  Channels& channels() { return channels_; }
  GatherSink& sink() { return sink_; }
  HttplibAdapter& adapter() { return adapter_; }
  BodyMemory& body_memory() { return totals_.body_memory; }
  LoopCounters& counters() { return counters_; }

  // A wait that differs from client to client, so that they do not all come
  // back at once: `retry` to twice of it.
  absl::Duration JitteredRetry();

  // Drain has begun.
  bool draining() const { return drain_ != nullptr; }

  // For connections.
  void RunAgain(Connection& connection) { again_.push_back(&connection); }
  void Remove(Connection& connection);

  // Where connections read into.
  std::vector<char>& scratch() { return scratch_; }

 private:
  class DrainTimer;

  void Accept(Socket socket);
  bool EndTurn();

  const std::unique_ptr<EventLoop> event_loop_;
  Hub& hub_;
  const HttpOptions& options_;
  HttpTotals& totals_;

  LoopCounters counters_;
  LoopInbox inbox_;
  Channels channels_;
  GatherSink sink_;
  HttplibAdapter adapter_;
  std::vector<char> scratch_;
  std::minstd_rand random_;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> again_;
  std::unique_ptr<Acceptor> acceptor_;

  std::unique_ptr<DrainTimer> drain_;

  std::thread thread_;
  std::atomic<std::thread::id> thread_id_{};
};

}  // namespace sluice
