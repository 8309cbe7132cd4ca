#include "bridge/grpc/reader_loop.h"

#include <utility>

namespace sluice {

ReaderLoop::ReaderLoop()
    : inbox_([this] {
        MutexLock lock(mutex_);
        news_ = true;
        changed_.NotifyAll();
      }),
      thread_([this] { RunAll(); }) {}

void ReaderLoop::Run(std::function<void()> work) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  waiting_.push_back(std::move(work));
  changed_.NotifyAll();
}

void ReaderLoop::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  MutexLock lock(mutex_);
  waiting_.clear();
}

void ReaderLoop::RunAll() {
  std::vector<std::function<void()>> work;
  for (;;) {
    bool news;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !news_ && !stopping_) changed_.Wait(mutex_);
      if (stopping_) return;
      work.swap(waiting_);
      news = std::exchange(news_, false);
    }
    for (auto& one : work) one();
    work.clear();
    if (news) inbox_.RunMarked();
  }
}

}  // namespace sluice
