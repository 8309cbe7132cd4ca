#include "bridge/grpc/health.h"

#include <utility>

namespace sluice {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One Watch call. Writes the latest status whenever it is not the one that it
// wrote last; like a PublishCall, one thread at a time does what is due.
class HealthService::Watcher final
    : public grpc::ServerWriteReactor<HealthCheckResponse>,
      public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthService& service, std::string name, ServingStatus status)
      : service_(service), name_(std::move(name)), wanted_(status) {}

  const std::string& name() const { return name_; }

  void Start() { Run(); }

  void Tell(ServingStatus status) {
    {
      MutexLock lock(mutex_);
      wanted_ = status;
    }
    Run();
  }

  void End() {
    {
      MutexLock lock(mutex_);
      ending_ = true;
    }
    Run();
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(mutex_);
      writing_ = false;
      if (!ok) cancelled_ = true;
    }
    Run();
  }

  void OnCancel() override {
    {
      MutexLock lock(mutex_);
      cancelled_ = true;
    }
    Run();
  }

  void OnDone() override { service_.Forget(shared_from_this()); }

 private:
  enum class Action { kNone, kWrite, kFinish };

  void Run() {
    const auto self = shared_from_this();
    {
      MutexLock lock(mutex_);
      if (std::exchange(running_, true)) return;
    }
    for (;;) {
      Action action;
      {
        MutexLock lock(mutex_);
        action = NextAction();
        if (action == Action::kNone) {
          running_ = false;
          return;
        }
      }
      if (action == Action::kWrite) StartWrite(&message_);
      if (action == Action::kFinish) {
        Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE,
                            "the server is stopping"));
      }
    }
  }

  Action NextAction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return Action::kNone;
    if (cancelled_) {
      finished_ = true;
      return Action::kFinish;
    }
    if (writing_) return Action::kNone;
    if (message_.status() != wanted_) {
      message_.set_status(wanted_);
      writing_ = true;
      return Action::kWrite;
    }
    finished_ = ending_;
    return finished_ ? Action::kFinish : Action::kNone;
  }

  HealthService& service_;
  const std::string name_;

  Mutex mutex_;
  // What was written last, or is on its way. UNKNOWN is never written.
  HealthCheckResponse message_;
  ServingStatus wanted_ ABSL_GUARDED_BY(mutex_);
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

HealthService::HealthService(std::vector<std::string> services)
    : services_(services.begin(), services.end()) {}

HealthService::~HealthService() = default;

void HealthService::SetServing(bool serving) {
  std::vector<std::pair<std::shared_ptr<Watcher>, ServingStatus>> told;
  {
    MutexLock lock(mutex_);
    serving_ = serving;
    for (const auto& watcher : watchers_) {
      told.emplace_back(watcher, StatusOf(watcher->name()));
    }
  }
  for (const auto& [watcher, status] : told) watcher->Tell(status);
}

void HealthService::EndWatches() {
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    MutexLock lock(mutex_);
    ending_ = true;
    watchers.assign(watchers_.begin(), watchers_.end());
  }
  for (const auto& watcher : watchers) watcher->End();
}

grpc::ServerUnaryReactor* HealthService::Check(
    grpc::CallbackServerContext* context, const HealthCheckRequest* request,
    HealthCheckResponse* response) {
  {
    MutexLock lock(mutex_);
    response->set_status(StatusOf(request->service()));
  }
  auto* reactor = context->DefaultReactor();
  reactor->Finish(response->status() == HealthCheckResponse::SERVICE_UNKNOWN
                      ? grpc::Status(grpc::StatusCode::NOT_FOUND,
                                     "the server has no such service")
                      : grpc::Status::OK);
  return reactor;
}

grpc::ServerWriteReactor<HealthCheckResponse>* HealthService::Watch(
    grpc::CallbackServerContext* context, const HealthCheckRequest* request) {
  std::shared_ptr<Watcher> watcher;
  bool ending;
  {
    MutexLock lock(mutex_);
    watcher = std::make_shared<Watcher>(*this, request->service(),
                                        StatusOf(request->service()));
    watchers_.insert(watcher);
    ending = ending_;
  }
  watcher->Start();
  if (ending) watcher->End();
  return watcher.get();
}

HealthService::ServingStatus HealthService::StatusOf(
    const std::string& service) const {
  if (!service.empty() && !services_.contains(service)) {
    return HealthCheckResponse::SERVICE_UNKNOWN;
  }
  return serving_ ? HealthCheckResponse::SERVING
                  : HealthCheckResponse::NOT_SERVING;
}

void HealthService::Forget(const std::shared_ptr<Watcher>& watcher) {
  MutexLock lock(mutex_);
  watchers_.erase(watcher);
}

}  // namespace sluice
