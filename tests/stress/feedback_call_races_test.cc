#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <atomic>

#include "bridge/base/mutex.h"
#include "bridge/grpc/publish_call.h"
#include "sluice/v1/publisher_service.pb.h"
#include "tests/stress/eventually.h"
#include "tests/stress/feedback_races.h"

namespace sluice {
namespace {

// A PublishCall, and its client at once.
class DirectCall final : public ListeningCall, public PublishCall::Peer {
 public:
  DirectCall(HttpSide& side, uint64_t holder)
      : call_(std::make_shared<PublishCall>(side.hub(), PublishOptions{},
                                            holder, true, *this)) {
    call_->Start();
  }
  ~DirectCall() override {
    call_->OnCancel();
    EXPECT_TRUE(Eventually([this] { return finished_.load(); }));
  }

  void Name(const std::string& topic) override { Send(topic, false); }
  void End(const std::string& topic) override { Send(topic, true); }
  absl::optional<bool> told() override {
    MutexLock lock(mutex_);
    return told_;
  }

 private:
  void Send(const std::string& topic, bool end) {
    v1::PublishWithFeedbackRequest request;
    request.set_topic(topic);
    if (end) request.mutable_end();
    const std::string text = request.SerializeAsString();
    const grpc::Slice slice(text);
    // A request answers a Read.
    ASSERT_TRUE(Eventually([this] { return reads_ > sent_; }));
    ++sent_;
    call_->OnRequest(grpc::ByteBuffer(&slice, 1));
  }

  void Read() override { ++reads_; }
  void Write(const PublishCall::Feedback& feedback) override {
    if (const auto* interest = absl::get_if<Interest>(&feedback)) {
      MutexLock lock(mutex_);
      told_ = interest->subscribers > 0;
    }
    call_->OnWritten(true);
  }
  void Finish(const absl::Status&, const PublishTotals&) override {
    finished_ = true;
  }

  const std::shared_ptr<PublishCall> call_;
  std::atomic<int> reads_{0};
  std::atomic<int> sent_{0};
  std::atomic<bool> finished_{false};
  Mutex mutex_;
  absl::optional<bool> told_ ABSL_GUARDED_BY(mutex_);
};

TEST(FeedbackCallRacesTest, TheLastInterestThatACallIsToldIsTrue) {
  HttpOptions options = HttpSide::Options();
  options.loops = 1;
  HttpSide side;
  side.StartHttp(options);
  uint64_t holder = 0;
  RunFeedbackRaces(
      side, [&] { return std::make_unique<DirectCall>(side, ++holder); });
}

}  // namespace
}  // namespace sluice
