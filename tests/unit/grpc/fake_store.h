#pragma once

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/store/store.h"

namespace sluice {

// A store that answers when it is told to, and remembers what it was asked.
// Not thread-safe: a test that answers on another thread joins it.
class FakeStore : public Store {
 public:
  struct Waiting {
    AppendRequest request;
    AppendDone done;
  };
  struct Released {
    std::string topic;
    Lease lease;
    absl::Duration grace;
  };

  const Epoch& epoch() const override { return epoch_; }

  void Append(AppendRequest request, AppendDone done) override {
    waiting.push_back({std::move(request), std::move(done)});
    if (answer_at_once) Answer();
  }

  void Release(const std::string& topic, Lease lease,
               absl::Duration grace) override {
    released.push_back({topic, lease, grace});
  }

  void Watch(const Selector&, std::function<void(Offset)> ready) override {
    ready(0);
  }
  void Unwatch(const Selector&) override {}
  void DescribeAll(const Selector&, uint64_t,
                   std::function<void(Overview)>) override {}
  void Describe(const std::string&, const std::string&, uint64_t,
                std::function<void(Description)> done) override {
    describes.push_back(std::move(done));
  }
  void Read(const Selector&, Offset, size_t,
            std::function<void(Segment)> done) override {
    done(Segment());
  }
  void List(const std::string&, const std::string&, size_t,
            std::function<void(Listing)> done) override {
    done({});
  }
  void Create(const std::string&, TopicSettings, bool,
              std::function<void(absl::StatusOr<TopicInfo>)> done) override {
    done(TopicInfo());
  }
  void Measure(std::function<void(Size)> done) override { done({}); }
  void Delete(const std::string&,
              std::function<void(absl::Status)> done) override {
    done(absl::OkStatus());
  }

  // Answers the `nth` of those that wait: every event is new, and takes the
  // next offset.
  void Answer(size_t nth = 0) {
    Appended appended;
    appended.accepted = waiting[nth].request.events.size();
    offset_ += appended.accepted + (waiting[nth].request.end ? 1 : 0);
    appended.last = offset_;
    Answer(nth, appended);
  }
  void Answer(size_t nth, absl::StatusOr<Appended> answer) {
    Waiting asked = std::move(waiting[nth]);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(nth));
    stored.push_back(asked.request);
    asked.done(std::move(answer));
  }

  std::string CursorOf(Offset offset) const {
    return Cursor{epoch_, offset}.ToString();
  }

  bool answer_at_once = false;
  std::deque<Waiting> waiting;
  std::vector<AppendRequest> stored;  // those answered
  std::vector<Released> released;
  std::vector<std::function<void(Description)>> describes;

 private:
  const Epoch epoch_ = Epoch::Random();
  Offset offset_ = 0;
};

}  // namespace sluice
