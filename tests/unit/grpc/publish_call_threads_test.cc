#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <utility>

#include "bridge/grpc/publish_call.h"
#include "bridge/grpc/wire.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice {
namespace {

// Reads as fast as it is asked to, on a thread of its own, like gRPC.
class ThreadedPeer final : public PublishCall::Peer {
 public:
  void Read() override {
    MutexLock lock(mutex_);
    read_due_ = true;
    changed_.NotifyAll();
  }
  void Write(const PublishCall::Feedback&) override {
    MutexLock lock(mutex_);
    written_due_ = true;
    changed_.NotifyAll();
  }
  void Finish(const absl::Status&, const PublishTotals& stored) override {
    MutexLock lock(mutex_);
    finished_ = true;
    totals_ = stored;
    changed_.NotifyAll();
  }

  PublishTotals Feed(PublishCall& call, const grpc::ByteBuffer& request,
                     int requests) {
    for (;;) {
      bool read = false;
      bool written = false;
      {
        MutexLock lock(mutex_);
        while (!read_due_ && !written_due_ && !finished_) changed_.Wait(mutex_);
        if (finished_) return totals_;
        std::swap(read, read_due_);
        std::swap(written, written_due_);
      }
      if (written) call.OnWritten(true);
      if (read && requests-- > 0) {
        call.OnRequest(request);
      } else if (read) {
        call.OnHalfClose();
      }
    }
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool read_due_ ABSL_GUARDED_BY(mutex_) = false;
  bool written_due_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  PublishTotals totals_ ABSL_GUARDED_BY(mutex_);
};

// Answers on a thread of its own, in order.
class ThreadedStore final : public Store {
 public:
  ~ThreadedStore() override { Stop(); }

  const Epoch& epoch() const override { return epoch_; }
  void Append(AppendRequest, AppendDone done) override {
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(done));
    most_ = std::max(most_, waiting_.size());
    changed_.NotifyAll();
  }
  void Release(const std::string&, Lease, absl::Duration) override {
    ++releases;
  }
  void Watch(const Selector&, std::function<void(Offset)>) override {}
  void Unwatch(const Selector&) override {}
  void DescribeAll(const Selector&, uint64_t,
                   std::function<void(Overview)>) override {}
  void Describe(const std::string&, const std::string&, uint64_t,
                std::function<void(Description)>) override {}
  void Read(const Selector&, Offset, size_t,
            std::function<void(Segment)>) override {}
  void List(const std::string&, const std::string&, size_t,
            std::function<void(Listing)>) override {}
  void Create(const std::string&, TopicSettings, bool,
              std::function<void(absl::StatusOr<TopicInfo>)>) override {}
  void Measure(std::function<void(Size)>) override {}
  void Delete(const std::string&, std::function<void(absl::Status)>) override {}

  // The most that ever waited.
  size_t Stop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
    MutexLock lock(mutex_);
    return most_;
  }

  std::atomic<int> releases{0};

 private:
  void Run() {
    for (Offset offset = 1;; ++offset) {
      AppendDone done;
      {
        MutexLock lock(mutex_);
        while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
        if (waiting_.empty()) return;
        done = std::move(waiting_.front());
        waiting_.pop_front();
      }
      done(Appended{1, 0, offset});
    }
  }

  const Epoch epoch_ = Epoch::Random();
  Mutex mutex_;
  CondVar changed_;
  std::deque<AppendDone> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t most_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_{[this] { Run(); }};
};

TEST(PublishCallThreads, NothingIsLostBetweenTheThreads) {
  constexpr int kRequests = 20000;
  v1::PublishRequest request;
  request.set_topic("a");
  request.add_events();
  for (const bool gives_feedback : {false, true}) {
    ThreadedStore store;
    ThreadedPeer peer;
    PublishOptions options;
    options.window_requests = 8;
    Hub hub;
    hub.SetStore(&store);
    const auto call =
        std::make_shared<PublishCall>(hub, options, 7, gives_feedback, peer);
    call->Start();
    const PublishTotals totals = peer.Feed(*call, ToBytes(request), kRequests);
    EXPECT_EQ(totals.requests, kRequests);
    EXPECT_EQ(totals.accepted, kRequests);
    EXPECT_EQ(store.releases, 1);
    EXPECT_LE(store.Stop(), 8u);
  }
}

}  // namespace
}  // namespace sluice
