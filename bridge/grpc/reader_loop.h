#pragma once

#include <functional>
#include <utility>

#include "bridge/grpc/work_thread.h"
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
  void Run(std::function<void()> work) { thread_.Run(std::move(work)); }

  LoopInbox& inbox() { return inbox_; }

  // Returns when the thread is gone. Comes before the end, and not from the
  // thread itself.
  void Stop() { thread_.Stop(); }

 private:
  LoopInbox inbox_;
  WorkThread thread_;  // last: it uses the inbox
};

}  // namespace sluice
