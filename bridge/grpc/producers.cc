#include "bridge/grpc/producers.h"

namespace sluice {

void Producers::Add(const std::string& topic) {
  MutexLock lock(mutex_);
  if (++calls_[topic] == 0) calls_.erase(topic);
}

void Producers::Remove(const std::string& topic) {
  MutexLock lock(mutex_);
  // A call may be seen to leave before it is seen to come, on another thread.
  if (--calls_[topic] == 0) calls_.erase(topic);
}

uint64_t Producers::Count(const std::string& topic) const {
  MutexLock lock(mutex_);
  const auto it = calls_.find(topic);
  return it == calls_.end() || it->second < 0 ? 0 : it->second;
}

}  // namespace sluice
