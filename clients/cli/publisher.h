// Publishes to one topic over one streaming call, `Publish` or
// `PublishWithFeedback`, without ever blocking: events queue here, go out in
// requests as large as what waits, and gRPC's flow control shows as has_room()
// being false.
//
// Threads: one thread (the command's loop) uses it; gRPC's threads work behind
// it and say so through the wakeup.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/status.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "clients/cli/wakeup.h"
#include "sluice/v1/event.pb.h"

namespace sluice {

// A request carries at most so much, unless it is a single event. Small enough
// for a reader to see the first events of a large input while the rest is on
// its way.
inline constexpr std::size_t kMaxRequestEvents = 64;
inline constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 10;

struct PublisherOptions {
  std::string topic;
  v1::OnAbort on_abort = v1::ON_ABORT_UNSPECIFIED;
  // PublishWithFeedback instead of Publish.
  bool feedback = false;
};

struct PublishCounts {
  // Events handed to Send, and those of them that gRPC has taken.
  std::uint64_t queued = 0;
  std::uint64_t sent = 0;
  // What the bridge has answered so far: with feedback as it goes, otherwise at
  // the end. After a failure `accepted` is what the trailing metadata
  // `sluice-accepted` says, if it is there.
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  bool accepted_known = false;
  // How many readers the topic has, as far as the bridge has told (only with
  // feedback).
  absl::optional<std::uint64_t> subscribers;
};

class Publisher {
 public:
  // Starts the call and names the topic on it, so that a call that fails does
  // so before the first event. A bridge that can't be reached fails it within
  // seconds. `wakeup` is notified when has_room(), counts(), done() or a stop
  // may have changed; it must outlive the publisher.
  static std::unique_ptr<Publisher> Start(
      std::shared_ptr<grpc::Channel> channel, PublisherOptions options,
      const Wakeup& wakeup);

  // Cancels the call if it is not done.
  virtual ~Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Queues events. Never refused, so it is has_room() that bounds the memory.
  virtual void Send(std::vector<v1::Event> events) = 0;

  // After what was sent: the end, if there is one, and the half-close. Only the
  // first call counts.
  virtual void Finish(absl::optional<v1::End> end) = 0;

  // Whether less than 1 MiB and 4096 events wait.
  virtual bool has_room() const = 0;

  virtual PublishCounts counts() const = 0;

  // The reason of a reader that asked to stop, once for each that did; none if
  // there is no new one.
  virtual absl::optional<std::string> TakeStop() = 0;

  // Whether the call is over; status() is its outcome then.
  virtual bool done() const = 0;
  virtual grpc::Status status() const = 0;

  // How many events were sent before event `event` of request `request` (both
  // as in a BadRequest's path); none if that was too long ago.
  virtual absl::optional<std::uint64_t> EventsBefore(
      std::size_t request, std::size_t event) const = 0;

 protected:
  Publisher() = default;
};

// A channel to `target` that gives up connecting after a few seconds.
std::shared_ptr<grpc::Channel> ConnectGrpc(const std::string& target);

}  // namespace sluice
