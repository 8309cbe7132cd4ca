// What a Publisher is made of: the buffer, the thread that makes one call after
// the other, and those who wait for it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sluice/channel.h"
#include "sluice/error.h"
#include "sluice/internal/call.h"
#include "sluice/internal/notices.h"
#include "sluice/internal/outbox.h"
#include "sluice/publisher.h"

namespace sluice::internal {

// How long to wait before the call after so many that settled nothing: from
// 100 ms to 5 s. `jitter` is in [0, 1).
std::chrono::nanoseconds DelayAfter(int failures, double jitter);

// Thread safety: all methods but Leave; they mean what those of Publisher do.
class Sender {
 public:
  // A stop of a topic's readers, while it lives. The sender must outlive it.
  class StopWatch {
   public:
    StopWatch(Sender& sender, std::string topic);
    ~StopWatch();
    StopWatch(const StopWatch&) = delete;
    StopWatch& operator=(const StopWatch&) = delete;

    std::optional<v1::Stop> stop() const;

   private:
    friend class Sender;
    Sender& sender_;
    const std::string topic_;
    std::optional<v1::Stop> stop_;  // guarded by the sender's mutex
  };

  Sender(std::shared_ptr<grpc::Channel> channel, PublisherOptions options);
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // The destructor of Publisher: closes, and joins all threads. Must be called,
  // once, and last.
  void Leave();

  // Gives the event an id first, if it has none.
  absl::Status PutEvent(const std::string& topic, Event event,
                        absl::Duration timeout);
  absl::Status Put(Entry entry, absl::Duration timeout);
  // Without waiting for room.
  void PutNow(Entry entry);
  absl::Status Flush(absl::Duration timeout);
  absl::StatusOr<Totals> Close(absl::Duration timeout);
  void Cancel();
  Totals totals() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  // These are called with the mutex held, which they release while they wait.

  // For callers: until `ready`, a final error, or the deadline.
  absl::Status Wait(Lock& lock, Clock::time_point deadline,
                    const std::function<bool()>& ready);
  // For the thread: the same, but also loses patience.
  void Await(Lock& lock, Clock::time_point deadline,
             const std::function<bool()>& ready);
  // Sends what there is until the call is over, or there is nothing more.
  void Send(Lock& lock, Call& call);

  void AddEntry(Entry entry);
  void Receive(const Response& response);
  void CallEnded(const grpc::Status& status,
                 const grpc::ClientContext& context);
  void GiveUp();
  void SetError(absl::Status error);
  PublishError MakeError() const;
  // Whether the thread has nothing more to do.
  bool Over() const {
    return !error_.ok() || (closing_ && outbox_.unacknowledged() == 0);
  }

  // The thread, without the mutex.
  void Run();
  void PublishOverOneCall();

  // Constant after construction.
  const std::shared_ptr<grpc::Channel> channel_;
  const std::function<absl::StatusOr<Metadata>()> metadata_;
  const std::chrono::nanoseconds give_up_after_;
  const std::string name_;  // of the ids it gives

  std::atomic<std::uint64_t> numbers_{0};  // ids given

  // No callback and nothing of gRPC's is called with it held.
  mutable std::mutex mutex_;
  // Notified when anything below changes.
  std::condition_variable changed_;
  Outbox outbox_;
  bool closing_ = false;  // no more entries
  bool cancelled_ = false;
  absl::Status error_;  // final
  bool told_ = false;   // somebody was
  bool ended_ = false;  // the thread
  std::vector<StopWatch*> watches_;
  // The last acknowledgement, or the first entry after all was acknowledged.
  Clock::time_point since_;
  std::string trouble_ = "no answer";  // why the last call broke
  int failures_ = 0;  // calls that settled nothing, since one did

  // Threads of its own. The mutex is held when something is added to notices_.
  Notices notices_;
  std::thread thread_;
};

}  // namespace sluice::internal
