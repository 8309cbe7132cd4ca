#include "sluice/internal/call.h"

#include <utility>

namespace sluice::internal {

Call::Call(const std::shared_ptr<grpc::Channel>& channel, std::mutex& mutex,
           std::condition_variable& changed,
           std::function<void(const Response&)> received)
    : mutex_(mutex),
      changed_(changed),
      received_(std::move(received)),
      stub_(v1::PublisherService::NewStub(channel)) {}

Call::~Call() { Finish(); }

void Call::Start() {
  started_ = true;
  stub_->async()->PublishWithFeedback(&context_, this);
  // Writes begin outside of reactions, so OnDone must wait for Finish.
  AddHold();
  StartCall();
  StartRead(&response_);
}

void Call::Write(std::shared_ptr<const Request> request) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_ = false;
  }
  request_ = std::move(request);
  StartWrite(request_.get());
}

void Call::HalfClose() { StartWritesDone(); }

grpc::Status Call::Finish() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (std::exchange(started_, false)) {
    const bool cancel = !over_;
    lock.unlock();
    if (cancel) context_.TryCancel();
    RemoveHold();
    lock.lock();
    changed_.wait(lock, [this] { return done_; });
  }
  return status_;
}

void Call::OnReadDone(bool ok) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ok) {
      received_(response_);
    } else {
      over_ = true;
    }
    changed_.notify_all();
  }
  if (ok) StartRead(&response_);
}

// A write fails because the call is over, of which the read hears too.
void Call::OnWriteDone(bool ok) {
  if (!ok) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  idle_ = true;
  changed_.notify_all();
}

void Call::OnDone(const grpc::Status& status) {
  const std::lock_guard<std::mutex> lock(mutex_);
  status_ = status;
  done_ = true;
  // With the lock held: once it is free, the call may be gone.
  changed_.notify_all();
}

}  // namespace sluice::internal
