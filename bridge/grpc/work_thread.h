#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "bridge/base/mutex.h"

namespace sluice {

// A thread that does what it is given, one thing after the other: for work that
// gRPC's own threads are not to be kept with.
//
// Thread safety: Run may be called from any thread, Stop by the owner.
class WorkThread {
 public:
  WorkThread();
  ~WorkThread() { Stop(); }
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;

  // Does `work` soon, in the order of the calls; not at all after Stop.
  void Run(std::function<void()> work);

  // Returns when the thread is gone. Not from the thread itself.
  void Stop();

 private:
  void RunAll();

  Mutex mutex_;
  CondVar changed_;
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace sluice
