// One PublishWithFeedback call: says when it can take a request and when it is
// over, and hands over what the bridge says. Knows nothing of what is
// published.
//
// gRPC's threads work behind it. What they change is guarded by the owner's
// mutex, and they notify the owner's condition variable.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "sluice/channel.h"
#include "sluice/internal/outbox.h"
#include "sluice/v1/publisher_service.grpc.pb.h"

namespace sluice::internal {

class Call final : private grpc::ClientBidiReactor<Request, Response> {
 public:
  // `received` is called with the mutex held. All of them must outlive the
  // call.
  Call(const std::shared_ptr<grpc::Channel>& channel, std::mutex& mutex,
       std::condition_variable& changed,
       std::function<void(const Response&)> received);
  // Finishes.
  ~Call() override;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  grpc::ClientContext& context() { return context_; }

  // The following are for one thread, without the mutex: gRPC may answer at
  // once.
  void Start();
  // Only when it is idle, and before HalfClose.
  void Write(std::shared_ptr<const Request> request);
  // Only when it is idle.
  void HalfClose();
  // Blocks until the call is over, which it cancels if it is not, and returns
  // its status. Again: returns that.
  grpc::Status Finish();

  // The following are called with the mutex held.

  // Whether the next request, or the half-close, may be written.
  bool idle() const { return idle_; }
  // Whether the bridge says nothing more; the status is there at once.
  bool over() const { return over_; }

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  // Constant after construction.
  std::mutex& mutex_;
  std::condition_variable& changed_;
  const std::function<void(const Response&)> received_;
  const std::unique_ptr<v1::PublisherService::Stub> stub_;

  grpc::ClientContext context_;
  bool started_ = false;
  // Each belongs to the operation on it while that is under way.
  std::shared_ptr<const Request> request_;
  Response response_;

  // Guarded by mutex_.
  bool idle_ = true;
  bool over_ = false;
  bool done_ = false;
  grpc::Status status_;
};

}  // namespace sluice::internal
