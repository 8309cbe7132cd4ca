#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "bridge/base/mutex.h"
#include "bridge/grpc/health.pb.h"
#include "bridge/grpc/server_call.h"

namespace sluice {

// grpc.health.v1.Health: whether the server takes calls. All its services are
// healthy together; "" is the server as a whole.
//
// Thread safety: all methods may be called from any thread.
// Lifetime: must outlive the server.
class HealthService {
 public:
  // `services`: the full names that it knows.
  explicit HealthService(std::vector<std::string> services);
  ~HealthService();

  void AddTo(ServerCall::Methods& methods);

  // Serving until told otherwise. Watchers are told of a change.
  void SetServing(bool serving);

  // Finishes what watches, each told of the latest first: for the shutdown,
  // which waits for every open call.
  void EndWatches();

 private:
  class Watcher;

  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  ServingStatus StatusOf(const std::string& service) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Watch(const std::shared_ptr<Watcher>& watcher);
  void Forget(const std::shared_ptr<Watcher>& watcher);

  const absl::flat_hash_set<std::string> services_;

  mutable Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = true;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<Watcher>> watchers_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
