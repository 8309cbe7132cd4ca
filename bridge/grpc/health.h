#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "bridge/base/mutex.h"
#include "bridge/grpc/health.grpc.pb.h"

namespace sluice {

// grpc.health.v1.Health: whether the server takes calls. All its services are
// healthy together; "" is the server as a whole.
//
// Thread safety: all methods may be called from any thread.
// Lifetime: must outlive the server.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // `services`: the full names that it knows.
  explicit HealthService(std::vector<std::string> services);
  ~HealthService() override;

  // Serving until told otherwise. Watchers are told of a change.
  void SetServing(bool serving);

  // Finishes what watches, each told of the latest first: for the shutdown,
  // which waits for every open call.
  void EndWatches();

  grpc::ServerUnaryReactor* Check(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request,
      grpc::health::v1::HealthCheckResponse* response) override;

  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

 private:
  class Watcher;

  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  ServingStatus StatusOf(const std::string& service) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(const std::shared_ptr<Watcher>& watcher);

  const absl::flat_hash_set<std::string> services_;

  mutable Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = true;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<std::shared_ptr<Watcher>> watchers_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
