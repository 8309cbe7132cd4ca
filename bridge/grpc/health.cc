#include "bridge/grpc/health.h"

#include <utility>

#include "bridge/grpc/unary_reply.h"
#include "bridge/grpc/wire.h"

namespace sluice {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// One Watch call. Writes the latest status whenever it is not the one that it
// wrote last; like a PublishCall, one thread at a time does what is due.
class HealthService::Watcher final
    : public ServerCall::Handler,
      public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(HealthService& service, ServerCall& call)
      : service_(service), call_(call) {
    call_.StartRead();
  }

  // Of the service that is watched.
  const std::string& name() const { return request_.service(); }

  void OnReadDone(bool ok) override {
    if (!ok) return Refuse(absl::InternalError("the call has no request"));
    if (!ParseMessage(call_.request(), request_)) return Refuse(NotAMessage());
    service_.Watch(shared_from_this());
  }

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

  // Instead of all else.
  void Refuse(const absl::Status& status) {
    {
      MutexLock lock(mutex_);
      if (std::exchange(finished_, true)) return;
    }
    call_.Finish(status);
  }

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
      if (action == Action::kWrite) call_.StartWrite(message_);
      if (action == Action::kFinish)
        call_.Finish(absl::UnavailableError("the server is stopping"));
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
  ServerCall& call_;
  HealthCheckRequest request_;

  Mutex mutex_;
  // What was written last, or is on its way. UNKNOWN is never written.
  HealthCheckResponse message_;
  ServingStatus wanted_ ABSL_GUARDED_BY(mutex_) = HealthCheckResponse::UNKNOWN;
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

void HealthService::AddTo(ServerCall::Methods& methods) {
  methods["/grpc.health.v1.Health/Check"] =
      UnaryReply::To([this](const grpc::ByteBuffer& bytes,
                            const std::shared_ptr<UnaryReply>& reply) {
        HealthCheckRequest request;
        if (!ParseMessage(bytes, request)) return reply->Fail(NotAMessage());
        HealthCheckResponse response;
        {
          MutexLock lock(mutex_);
          response.set_status(StatusOf(request.service()));
        }
        if (response.status() == HealthCheckResponse::SERVICE_UNKNOWN) {
          return reply->Fail(
              absl::NotFoundError("the server has no such service"));
        }
        reply->Answer(response);
      });
  methods["/grpc.health.v1.Health/Watch"] = [this](ServerCall& call) {
    return std::make_shared<Watcher>(*this, call);
  };
}

void HealthService::Watch(const std::shared_ptr<Watcher>& watcher) {
  ServingStatus status;
  bool ending;
  {
    MutexLock lock(mutex_);
    status = StatusOf(watcher->name());
    watchers_.insert(watcher);
    ending = ending_;
  }
  watcher->Tell(status);
  if (ending) watcher->End();
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
