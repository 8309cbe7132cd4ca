#include "clients/cli/unary_call.h"

#include <poll.h>

#include <chrono>
#include <utility>

#include "bridge/base/mutex.h"
#include "clients/cli/wakeup.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kTimeout(10);

// What gRPC's thread hands over.
struct Outcome {
  Mutex mutex;
  CondVar changed;
  bool done ABSL_GUARDED_BY(mutex) = false;
  grpc::Status status ABSL_GUARDED_BY(mutex);
  const Wakeup wakeup;
};

}  // namespace

grpc::Status CallUnary(
    const Interrupt& interrupt,
    const std::function<void(grpc::ClientContext* context,
                             std::function<void(grpc::Status)> done)>& start) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
  Outcome outcome;
  start(&context, [&outcome](grpc::Status status) {
    const MutexLock lock(outcome.mutex);
    outcome.status = std::move(status);
    outcome.done = true;
    outcome.wakeup.Notify();
    // With the lock held: once it is free, the caller may have gone on.
    outcome.changed.NotifyAll();
  });
  pollfd fds[] = {{outcome.wakeup.fd(), POLLIN, 0},
                  {interrupt.fd(), POLLIN, 0}};
  while (poll(fds, 2, -1) < 0) {
  }
  if (interrupt.raised()) context.TryCancel();
  const MutexLock lock(outcome.mutex);
  while (!outcome.done) outcome.changed.Wait(outcome.mutex);
  return outcome.status;
}

}  // namespace sluice
