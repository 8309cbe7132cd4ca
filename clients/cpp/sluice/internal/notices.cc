#include "sluice/internal/notices.h"

#include <utility>

namespace sluice::internal {

Notices::Notices(OnInterest on_interest, OnStop on_stop)
    : on_interest_(std::move(on_interest)), on_stop_(std::move(on_stop)) {
  if (on_interest_ || on_stop_) thread_ = std::thread([this] { Run(); });
}

void Notices::Join() {
  Close();
  if (thread_.joinable()) thread_.join();
}

void Notices::Add(const v1::Interest& interest) {
  if (!on_interest_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  Of(interest.topic()).interest = interest;
}

void Notices::Add(const v1::Stop& stop) {
  if (!on_stop_) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  Of(stop.topic()).stop = stop;
}

void Notices::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

Notices::Notice& Notices::Of(const std::string& topic) {
  const auto [at, is_new] = of_.try_emplace(topic);
  if (is_new) topics_.push_back(topic);
  changed_.notify_all();
  return at->second;
}

void Notices::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !topics_.empty(); });
    if (closed_) return;
    const Notice next = std::move(of_.extract(topics_.front()).mapped());
    topics_.pop_front();
    lock.unlock();
    if (next.interest) {
      on_interest_(next.interest->topic(), next.interest->subscribers());
    }
    if (next.stop) on_stop_(next.stop->topic(), next.stop->reason());
    lock.lock();
  }
}

}  // namespace sluice::internal
