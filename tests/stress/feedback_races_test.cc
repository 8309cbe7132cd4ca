#include "tests/stress/feedback_races.h"

#include <gtest/gtest.h>

#include "bridge/base/mutex.h"

namespace sluice {
namespace {

// What a publishing call makes of the hub's news, without gRPC.
class HubCall final : public ListeningCall {
 public:
  explicit HubCall(HttpSide& side)
      : side_(side), listener_(std::make_shared<Listener>(side.hub())) {}
  ~HubCall() override {
    if (!topic_.empty()) side_.hub().producers().Remove(topic_, listener_);
  }

  void Name(const std::string& topic) override {
    topic_ = topic;
    side_.hub().producers().Add(topic, listener_);
    listener_->OnInterest(topic);
  }
  void End(const std::string& topic) override {
    side_.Publish(topic, {}, true);
    side_.hub().producers().Remove(topic, listener_);
    topic_.clear();
  }
  absl::optional<bool> told() override { return listener_->told(); }

 private:
  class Listener final : public Producers::Listener {
   public:
    explicit Listener(Hub& hub) : hub_(hub) {}
    void OnInterest(const std::string& topic) override {
      MutexLock lock(mutex_);
      told_ = hub_.Subscribers(topic) > 0;
    }
    void OnStop(const std::string&, const std::string&) override {}
    absl::optional<bool> told() {
      MutexLock lock(mutex_);
      return told_;
    }

   private:
    Hub& hub_;
    Mutex mutex_;
    absl::optional<bool> told_ ABSL_GUARDED_BY(mutex_);
  };

  HttpSide& side_;
  const std::shared_ptr<Listener> listener_;
  std::string topic_;
};

TEST(FeedbackRacesTest, TheHubsLastWordOfATopicsReadersIsTrue) {
  HttpOptions options = HttpSide::Options();
  options.loops = 1;
  HttpSide side;
  side.StartHttp(options);
  RunFeedbackRaces(side, [&side] { return std::make_unique<HubCall>(side); });
}

}  // namespace
}  // namespace sluice
