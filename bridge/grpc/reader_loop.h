#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "bridge/base/mutex.h"
#include "bridge/hub/topic_view.h"

namespace sluice {

// The thread on which all subscriptions over gRPC live: what they are told by
// the hub, the store and gRPC is done here, one thing after the other.
//
// Thread safety: Run may be called from any thread, the rest by the owner.
class ReaderLoop {
 public:
  ReaderLoop();
  ReaderLoop(const ReaderLoop&) = delete;
  ReaderLoop& operator=(const ReaderLoop&) = delete;

  // Does `work` soon, in the order of the calls; not at all after Stop.
  void Run(std::function<void()> work);

  LoopInbox& inbox() { return inbox_; }

  // Returns when the thread is gone. Comes before the end, and not from the
  // thread itself.
  void Stop();

 private:
  void RunAll();

  LoopInbox inbox_;

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool news_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace sluice
