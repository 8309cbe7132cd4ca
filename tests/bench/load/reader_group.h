#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bridge/net/event_loop.h"
#include "tests/bench/load/reader.h"

namespace sluice::bench {

// A thread that reads, for all groups.
class ReaderThread {
 public:
  explicit ReaderThread(std::unique_ptr<EventLoop> loop);
  ~ReaderThread();

  EventLoop& loop() { return *loop_; }
  std::vector<char>& scratch() { return scratch_; }

  // Calls `work` in the thread, and returns when it is done.
  void Do(const std::function<void()>& work);

  // Has the thread run only while nobody else wants its core (SCHED_IDLE).
  void GiveWay();

 private:
  const std::unique_ptr<EventLoop> loop_;
  std::vector<char> scratch_ = std::vector<char>(256 << 10);
  std::thread thread_;
};

// Readers of one server that do the same, spread over all threads.
//
// Thread safety: none; whoever made it asks.
// Lifetime: the threads must outlive it.
class ReaderGroup {
 public:
  ReaderGroup(const std::vector<std::unique_ptr<ReaderThread>>& threads,
              uint16_t port, ReaderOptions options);
  // Closes all of its connections.
  ~ReaderGroup();

  // Adds a reader of each of `targets`, and connects as fast as it goes.
  // `connection`: counts them over all groups.
  void Open(const std::vector<std::string>& targets, uint64_t& connection);

  // How much they have seen until now. For any thread.
  uint64_t opened() const;
  uint64_t events() const;
  Tally Sum();

  // Forgets when what arrived, and how long it took.
  void Clear();

  // As Open began to connect.
  int64_t opened_at_us() const { return opened_at_us_; }
  size_t size() const { return size_; }

 private:
  struct Part {
    ReaderThread& thread;
    ReaderShare share;
    std::vector<std::unique_ptr<Reader>> readers;
    size_t connected = 0;  // so many, the first ones, were told to connect
  };

  // Connects some, and the others once the loop has had a turn.
  static void ConnectSome(Part& part, uint64_t connection);

  const ReaderOptions options_;
  std::vector<std::unique_ptr<Part>> parts_;
  int64_t opened_at_us_ = 0;
  size_t size_ = 0;
};

}  // namespace sluice::bench
