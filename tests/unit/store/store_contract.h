#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "bridge/base/mutex.h"
#include "bridge/event/topic_rules.h"
#include "bridge/store/store.h"

namespace sluice {

// What every store must do, whichever it is: the fixture of the tests that run
// over all of them.

struct Limits {
  TopicSettings defaults;
  std::vector<TopicRule> rules;
  uint64_t max_topics = 100;
  uint64_t memory = 1 << 30;
  absl::Duration tombstone_ttl = absl::Hours(1);
  absl::Duration idle_topic_ttl = absl::Hours(1);
};

using MakeStore =
    std::function<std::unique_ptr<Store>(Limits, Store::Listener)>;

struct Kind {
  std::string name;
  MakeStore make;
};

// Waits for an answer, wherever it comes from.
template <typename T>
T Wait(const std::function<void(std::function<void(T)>)>& ask) {
  std::promise<T> answer;
  ask([&](T value) { answer.set_value(std::move(value)); });
  return answer.get_future().get();
}

class StoreContract : public testing::TestWithParam<Kind> {
 protected:
  void Make(Limits limits = {}) {
    store_ = GetParam().make(limits, [this](absl::Span<const EntryRef> batch) {
      MutexLock lock(mutex_);
      committed_.insert(committed_.end(), batch.begin(), batch.end());
      changed_.NotifyAll();
    });
  }

  absl::StatusOr<Store::Appended> Append(Store::AppendRequest request) {
    return Wait<absl::StatusOr<Store::Appended>>(
        [&](auto done) { store_->Append(std::move(request), done); });
  }

  absl::StatusOr<Store::Appended> Publish(
      const std::string& topic, const std::vector<std::string>& texts) {
    Store::AppendRequest request{topic, {}, absl::nullopt, absl::nullopt};
    for (const std::string& text : texts) {
      request.events.push_back({"", "", text});
    }
    return Append(std::move(request));
  }

  absl::StatusOr<Store::Appended> PublishIds(
      const std::string& topic, const std::vector<std::string>& ids,
      absl::optional<End> end = absl::nullopt) {
    Store::AppendRequest request{topic, {}, std::move(end), absl::nullopt};
    for (const std::string& id : ids) request.events.push_back({id, "", "x"});
    return Append(std::move(request));
  }

  Store::Listing List(const std::string& pattern, const std::string& after = "",
                      size_t limit = 100) {
    return Wait<Store::Listing>(
        [&](auto done) { store_->List(pattern, after, limit, done); });
  }

  Store::Description Describe(const std::string& topic,
                              const std::string& id = "", uint64_t last = 0) {
    return Wait<Store::Description>(
        [&](auto done) { store_->Describe(topic, id, last, done); });
  }

  Store::Segment Read(const std::string& topic, Offset after,
                      size_t max_bytes = 1 << 20) {
    return Wait<Store::Segment>([&](auto done) {
      store_->Read(Selector(topic), after, max_bytes, done);
    });
  }

  Store::Segment ReadAll(const std::vector<std::string>& entries, Offset after,
                         size_t max_bytes = 1 << 20) {
    return Wait<Store::Segment>([&](auto done) {
      store_->Read(*Selector::Parse(entries), after, max_bytes, done);
    });
  }

  Store::Overview DescribeAll(const std::vector<std::string>& entries,
                              uint64_t last = 0) {
    return Wait<Store::Overview>([&](auto done) {
      store_->DescribeAll(*Selector::Parse(entries), last, done);
    });
  }

  absl::StatusOr<TopicInfo> Create(const std::string& topic,
                                   TopicSettings settings, bool replace) {
    return Wait<absl::StatusOr<TopicInfo>>(
        [&](auto done) { store_->Create(topic, settings, replace, done); });
  }

  absl::Status Delete(const std::string& topic) {
    return Wait<absl::Status>([&](auto done) { store_->Delete(topic, done); });
  }

  // The first committed end, once there is one.
  EntryRef WaitForEnd() {
    MutexLock lock(mutex_);
    for (;;) {
      for (const EntryRef& entry : committed_) {
        if (entry->is_end()) return entry;
      }
      changed_.Wait(mutex_);
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::vector<EntryRef> committed_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Store> store_;  // last: it calls the listener
};

inline std::vector<std::string> Texts(const Store::Segment& segment) {
  std::vector<std::string> texts;
  for (const EntryRef& entry : segment.entries) {
    texts.push_back(entry->is_end() ? "END" : std::string(entry->data()));
  }
  return texts;
}

}  // namespace sluice
