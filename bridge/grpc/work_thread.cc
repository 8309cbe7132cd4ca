#include "bridge/grpc/work_thread.h"

#include <utility>

namespace sluice {

WorkThread::WorkThread() : thread_([this] { RunAll(); }) {}

void WorkThread::Run(std::function<void()> work) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  waiting_.push_back(std::move(work));
  if (waiting_.size() == 1) changed_.NotifyAll();
}

void WorkThread::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  MutexLock lock(mutex_);
  waiting_.clear();
}

void WorkThread::RunAll() {
  std::vector<std::function<void()>> work;
  for (;;) {
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
      if (stopping_) return;
      work.swap(waiting_);
    }
    for (auto& one : work) one();
    work.clear();
  }
}

}  // namespace sluice
