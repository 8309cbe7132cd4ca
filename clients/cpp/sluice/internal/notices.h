// Calls the callbacks of a publisher, one at a time, on a thread of their own.
//
// Keeps only the last of each topic, so that a slow callback costs no more than
// that. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>

#include "sluice/v1/publisher_service.pb.h"

namespace sluice::internal {

class Notices {
 public:
  using OnInterest = std::function<void(const std::string&, std::uint64_t)>;
  using OnStop = std::function<void(const std::string&, const std::string&)>;

  // Either may be null.
  Notices(OnInterest on_interest, OnStop on_stop);
  ~Notices() { Join(); }
  Notices(const Notices&) = delete;
  Notices& operator=(const Notices&) = delete;

  void Add(const v1::Interest& interest);
  void Add(const v1::Stop& stop);

  // No callback begins any more; one may still be running.
  void Close();
  // Closes, and waits for that one.
  void Join();

 private:
  struct Notice {
    std::optional<v1::Interest> interest;
    std::optional<v1::Stop> stop;
  };

  void Run();
  Notice& Of(const std::string& topic);

  // Constant after construction.
  const OnInterest on_interest_;
  const OnStop on_stop_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_: the topics that something is to be told of, in order.
  std::deque<std::string> topics_;
  std::unordered_map<std::string, Notice> of_;
  bool closed_ = false;

  std::thread thread_;
};

}  // namespace sluice::internal
