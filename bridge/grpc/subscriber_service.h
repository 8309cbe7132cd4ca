#pragma once

#include <cstddef>
#include <memory>
#include <unordered_set>

#include "bridge/base/mutex.h"
#include "bridge/grpc/reader_loop.h"
#include "bridge/grpc/server_call.h"
#include "bridge/grpc/subscribe_call.h"
#include "bridge/hub/hub.h"

namespace sluice {

struct SubscribeOptions {
  size_t max_topics = 64;  // names and patterns of one subscription
  bool require_topics = false;
};

// sluice.v1.SubscriberService: a SubscribeCall behind each stream.
//
// Thread safety: the threads of call queues call it. Nothing blocks.
// Lifetime: the hub must outlive it, and it must outlive the server.
class SubscriberService {
 public:
  SubscriberService(Hub& hub, const SubscribeOptions& options);
  ~SubscriberService();

  void AddTo(ServerCall::Methods& methods);

  // Sends subscribers away (UNAVAILABLE) once they have all there is.
  void Drain();

  // The subscriptions that are open; kept by their handlers.
  class Calls {
   public:
    // False once it is draining.
    bool Add(SubscribeCall& call);
    void Remove(SubscribeCall& call);
    void Drain();

   private:
    Mutex mutex_;
    bool draining_ ABSL_GUARDED_BY(mutex_) = false;
    std::unordered_set<SubscribeCall*> calls_ ABSL_GUARDED_BY(mutex_);
  };

 private:
  Hub& hub_;
  const SubscribeOptions options_;
  Calls calls_;
  const std::shared_ptr<ReaderLoop> loop_ = std::make_shared<ReaderLoop>();
};

}  // namespace sluice
