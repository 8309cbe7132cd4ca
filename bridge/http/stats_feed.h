#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bridge/http/http_loop.h"
#include "bridge/http/loop_counters.h"
#include "bridge/hub/hub.h"
#include "bridge/hub/producers.h"
#include "bridge/net/timer_wheel.h"

namespace sluice {

inline constexpr char kStatsTopic[] = "sluice.stats";

// How the server is doing at one moment; what is published of it is in
// README.md.
struct Stats {
  LoopCounters counters;
  Backlog backlog;
  int64_t connections = 0;
  uint64_t published = 0;
  Store::Size log;
  uint64_t memory = 0;  // bytes of the process in memory
  int64_t up_ms = 0;

  // As an event's JSON; rates are from `before` to here.
  std::string ToJson(const Stats& before) const;
};

// Publishes the server's numbers to kStatsTopic, once a second while somebody
// reads it: it is a producer that waits for interest, like others. What loops
// count is fetched from each in its own thread.
//
// Thread safety: OnInterest is for any thread; the rest happens in the first
// loop.
// Lifetime: the hub, the loops and the totals must outlive it, and the loops
// have stopped before it goes.
class StatsFeed final : public Producers::Listener,
                        public std::enable_shared_from_this<StatsFeed>,
                        private Timer {
 public:
  using Loops = std::vector<std::unique_ptr<HttpLoop>>;

  // Comes before the loops start.
  static std::shared_ptr<StatsFeed> Make(Hub& hub, const Loops& loops,
                                         const HttpTotals& totals);
  ~StatsFeed() override;

  void OnInterest(const std::string& topic) override;
  void OnStop(const std::string& topic, const std::string& reason) override {}

 private:
  StatsFeed(Hub& hub, const Loops& loops, const HttpTotals& totals);

  bool IsRead() const { return hub_.Subscribers(kStatsTopic) > 0; }
  void MakeTopic();
  void Begin();
  void OnTimer() override;

  // Asks all loops; the last answer publishes.
  void Collect();
  void OnReport(const LoopCounters& counters, const Backlog& backlog);
  void Publish();

  HttpLoop& home() const { return *loops_.front(); }

  Hub& hub_;
  const Loops& loops_;
  const HttpTotals& totals_;
  const int64_t start_ms_;

  bool running_ = false;
  size_t missing_ = 0;  // loops that have not answered
  Stats now_;
  absl::optional<Stats> before_;
};

}  // namespace sluice
