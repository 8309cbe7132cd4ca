#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bridge/base/mutex.h"
#include "bridge/store/store.h"

namespace sluice {

// A store whose reads are counted, and can be held up.
class HeldStore final : public Store {
 public:
  explicit HeldStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  const Epoch& epoch() const override { return store_->epoch(); }
  void Append(AppendRequest request, AppendDone done) override {
    store_->Append(std::move(request), std::move(done));
  }
  void Release(const std::string& topic, Lease lease,
               absl::Duration grace) override {
    store_->Release(topic, lease, grace);
  }
  void Watch(const Selector& selector,
             std::function<void(Offset)> ready) override {
    store_->Watch(selector, std::move(ready));
  }
  void Unwatch(const Selector& selector) override { store_->Unwatch(selector); }
  void DescribeAll(const Selector& selector, uint64_t last,
                   std::function<void(Overview)> done) override {
    store_->DescribeAll(selector, last, std::move(done));
  }
  void Describe(const std::string& topic, const std::string& id, uint64_t last,
                std::function<void(Description)> done) override {
    store_->Describe(topic, id, last, std::move(done));
  }
  void Read(const Selector& selector, Offset after, size_t max_bytes,
            std::function<void(Segment)> done) override {
    auto read = [this, selector, after, max_bytes, done = std::move(done)] {
      store_->Read(selector, after, max_bytes, done);
    };
    {
      MutexLock lock(mutex_);
      ++reads_;
      if (held_up_) {
        held_.push_back(std::move(read));
        return;
      }
    }
    read();
  }
  void List(const std::string& pattern, const std::string& after, size_t limit,
            std::function<void(Listing)> done) override {
    store_->List(pattern, after, limit, std::move(done));
  }
  void Create(const std::string& topic, TopicSettings settings, bool replace,
              std::function<void(absl::StatusOr<TopicInfo>)> done) override {
    store_->Create(topic, settings, replace, std::move(done));
  }
  void Measure(std::function<void(Size)> done) override {
    store_->Measure(std::move(done));
  }
  void Delete(const std::string& topic,
              std::function<void(absl::Status)> done) override {
    store_->Delete(topic, std::move(done));
  }

  // From now on, reads wait.
  void HoldUp() {
    MutexLock lock(mutex_);
    held_up_ = true;
  }
  // Answers all that wait, on this thread; later ones at once.
  void LetGo() {
    std::vector<std::function<void()>> held;
    {
      MutexLock lock(mutex_);
      held_up_ = false;
      held.swap(held_);
    }
    for (const auto& read : held) read();
  }

  int reads() const {
    MutexLock lock(mutex_);
    return reads_;
  }
  size_t held() const {
    MutexLock lock(mutex_);
    return held_.size();
  }

 private:
  const std::unique_ptr<Store> store_;
  mutable Mutex mutex_;
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
  bool held_up_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
