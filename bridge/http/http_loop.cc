#include "bridge/http/http_loop.h"

#include <algorithm>
#include <utility>

#include "bridge/base/log.h"
#include "bridge/http/routes.h"

namespace sluice {
namespace {

constexpr size_t kScratchBytes = 16 << 10;
constexpr size_t kAgainATurn = 256;

// How many connections a drain closes at once, however long it may take.
constexpr int64_t kDrainBatch = 64;
constexpr int64_t kDrainStepMs = 50;

}  // namespace

// Closes a few connections at a time.
class HttpLoop::DrainTimer final : public Timer {
 public:
  DrainTimer(HttpLoop& loop, int64_t until_ms, std::function<void()> done)
      : loop_(loop), until_ms_(until_ms), done_(std::move(done)) {}

  void OnTimer() override {
    const int64_t now = loop_.event_loop_->now_ms();
    const auto count = static_cast<int64_t>(loop_.connections_.size());
    if (count == 0) {
      if (done_) std::exchange(done_, nullptr)();
      return;
    }
    // Streams take what is committed along before they close.
    loop_.inbox_.RunMarked();
    const int64_t steps =
        std::max<int64_t>(1, (until_ms_ - now) / kDrainStepMs);
    int64_t batch = std::max(kDrainBatch, count / steps + 1);
    // Draining one may take it out of the list.
    for (size_t i = loop_.connections_.size(); i > 0 && batch > 0; --i) {
      if (i > loop_.connections_.size()) continue;
      if (loop_.connections_[i - 1]->Drain()) --batch;
    }
    loop_.event_loop_->timers().Arm(*this, now + kDrainStepMs);
  }

 private:
  HttpLoop& loop_;
  const int64_t until_ms_;
  std::function<void()> done_;
};

HttpLoop::HttpLoop(std::unique_ptr<EventLoop> event_loop, Fd listening,
                   Hub& hub, const HttpOptions& options, HttpTotals& totals)
    : event_loop_(std::move(event_loop)),
      hub_(hub),
      options_(options),
      totals_(totals),
      inbox_([this] { event_loop_->Wake(); }),
      channels_(*this,
                options.replay_memory / static_cast<uint64_t>(options.loops)),
      adapter_(HandleRequest),
      scratch_(kScratchBytes),
      random_(std::random_device()()),
      acceptor_(std::make_unique<Acceptor>(
          *event_loop_, std::move(listening),
          [this](Socket socket) { Accept(std::move(socket)); })) {}

HttpLoop::~HttpLoop() { Stop(); }

absl::Status HttpLoop::Start() {
  if (absl::Status status = acceptor_->Start(); !status.ok()) return status;
  thread_ = std::thread([this] {
    thread_id_ = std::this_thread::get_id();
    event_loop_->Run([this] { return EndTurn(); });
    // What is left belongs to this thread.
    connections_.clear();
    channels_.Clear();

    event_loop_->CollectGarbage();
  });
  return absl::OkStatus();
}

void HttpLoop::Stop() {
  if (!thread_.joinable()) return;
  event_loop_->Stop();
  thread_.join();
}

void HttpLoop::RunInLoop(std::function<void()> work) {
  if (InLoop()) {
    work();
  } else {
    event_loop_->Post(std::move(work));
  }
}

void HttpLoop::Drain(absl::Duration span, std::function<void()> done) {
  event_loop_->Post([this, span, done = std::move(done)]() mutable {
    // The last part is for those that linger.
    const int64_t until =
        event_loop_->now_ms() + absl::ToInt64Milliseconds(span) * 3 / 4;
    drain_ = std::make_unique<DrainTimer>(*this, until, std::move(done));
    drain_->OnTimer();
  });
}

absl::Duration HttpLoop::JitteredRetry() {
  const int64_t retry_ms = absl::ToInt64Milliseconds(options_.retry);
  return absl::Milliseconds(
      std::uniform_int_distribution<int64_t>(retry_ms, 2 * retry_ms)(random_));
}

void HttpLoop::Accept(Socket socket) {
  const int64_t count = ++totals_.connections;
  const auto limit = static_cast<int64_t>(options_.max_connections);
  if (count > limit + kShedConnections) {
    --totals_.connections;
    return;
  }
  connections_.push_back(std::make_unique<Connection>(
      *this, std::move(socket), count > limit, connections_.size()));
  connections_.back()->Start();
}

void HttpLoop::Remove(Connection& connection) {
  const size_t index = connection.index;
  std::unique_ptr<Connection> removed = std::move(connections_[index]);
  if (index + 1 != connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  again_.erase(std::remove(again_.begin(), again_.end(), &connection),
               again_.end());
  --totals_.connections;
  event_loop_->DeleteLater(std::move(removed));
}

bool HttpLoop::EndTurn() {
  inbox_.RunMarked();
  std::vector<Connection*> again = std::move(again_);
  again_.clear();
  for (size_t i = 0; i < again.size(); ++i) {
    if (i < kAgainATurn) {
      again[i]->Drive();
    } else if (!again[i]->closed()) {
      again_.push_back(again[i]);
    }
  }
  const bool more = channels_.Flush();
  return more || !again_.empty();
}

}  // namespace sluice
