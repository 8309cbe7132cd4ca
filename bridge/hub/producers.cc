#include "bridge/hub/producers.h"

#include <algorithm>

namespace sluice {
namespace {

template <typename T>
bool IsSame(const std::weak_ptr<T>& a, const std::weak_ptr<T>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

void Producers::Add(const std::string& topic,
                    const std::weak_ptr<Listener>& listener) {
  Change(topic, listener, 1);
}

void Producers::Remove(const std::string& topic,
                       const std::weak_ptr<Listener>& listener) {
  Change(topic, listener, -1);
}

void Producers::Change(const std::string& topic,
                       const std::weak_ptr<Listener>& listener, int change) {
  MutexLock lock(mutex_);
  const auto it = calls_.try_emplace(topic).first;
  Calls& calls = it->second;
  calls.count += change;
  if (!IsSame(listener, {})) {
    std::vector<Listening>& listening = calls.listening;
    auto own = std::find_if(listening.begin(), listening.end(),
                            [&](const Listening& other) {
                              return IsSame(other.listener, listener);
                            });
    if (own == listening.end()) {
      own = listening.insert(own, {listener, 0});
      ++listening_;
    }
    own->count += change;
    if (own->count == 0) {
      listening.erase(own);
      --listening_;
    }
  }
  if (calls.count == 0 && calls.listening.empty()) calls_.erase(it);
}

uint64_t Producers::Count(const std::string& topic) const {
  MutexLock lock(mutex_);
  const auto it = calls_.find(topic);
  return it == calls_.end()
             ? 0
             : static_cast<uint64_t>(std::max<int64_t>(0, it->second.count));
}

void Producers::Find(const std::string& topic, const Calls& calls,
                     Found& found) {
  for (const Listening& listening : calls.listening) {
    if (auto listener = listening.listener.lock();
        listener != nullptr && listening.count > 0)
      found.emplace_back(std::move(listener), topic);
  }
}

void Producers::NotifyInterest(const Selector& selector) const {
  Found found;
  {
    MutexLock lock(mutex_);
    if (listening_ == 0) return;
    for (const std::string& name : selector.names()) {
      const auto it = calls_.find(name);
      if (it != calls_.end()) Find(name, it->second, found);
    }
    if (!selector.patterns().empty()) {
      for (const auto& [topic, calls] : calls_) {
        if (selector.Selects(topic)) Find(topic, calls, found);
      }
    }
  }
  for (const auto& [listener, topic] : found) listener->OnInterest(topic);
}

uint64_t Producers::Stop(const std::string& topic,
                         const std::string& reason) const {
  Found found;
  {
    MutexLock lock(mutex_);
    const auto it = calls_.find(topic);
    if (it != calls_.end()) Find(topic, it->second, found);
  }
  for (const auto& [listener, name] : found) listener->OnStop(name, reason);
  return found.size();
}

}  // namespace sluice
