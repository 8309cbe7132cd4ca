#pragma once

#include <httplib.h>

#include <chrono>
#include <memory>
#include <string>

#include "bridge/base/mutex.h"
#include "bridge/hub/hub.h"

namespace sluice::bench {

// One reader of one topic, from the earliest event on, in a thread that waits
// for it. Does not tell of gaps.
//
// Thread safety: none; its thread's.
// Lifetime: the hub must outlive it, and its store must be the one in memory,
// which answers within the call.
class WaitingReader {
 public:
  WaitingReader(Hub& hub, const std::string& topic);
  WaitingReader(const WaitingReader&) = delete;
  WaitingReader& operator=(const WaitingReader&) = delete;

  // Waits for something to send, a heartbeat at the latest, and sends it. False
  // if the client is gone. To be called again and again until the topic ends.
  bool Provide(httplib::DataSink& sink);

 private:
  // False: there is none, and it is time for a heartbeat.
  bool WaitForNews();
  void CatchUp(Offset to);
  void Add(const EntryRef& entry);

  Hub& hub_;
  const Selector selector_;
  Offset at_ = 0;
  bool ended_ = false;
  std::string unsent_;  // frames
  const std::chrono::steady_clock::duration heartbeat_;

  Mutex mutex_;
  CondVar news_;
  bool any_news_ ABSL_GUARDED_BY(mutex_) = false;

  LoopInbox inbox_;
  const std::unique_ptr<TopicView> view_;
};

}  // namespace sluice::bench
