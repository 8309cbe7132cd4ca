#include "bridge/http/http_server.h"

#include <utility>

namespace sluice {

HttpServer::HttpServer(HttpOptions options, Hub& hub)
    : options_(std::move(options)), hub_(hub), totals_(options_) {}

// The loops stop one after the other: each ends what it has with its own
// thread. Until all have, one may still post to another.
HttpServer::~HttpServer() {
  for (const auto& loop : loops_) loop->Stop();
}

absl::Status HttpServer::Start() {
  absl::StatusOr<std::vector<Fd>> listening =
      Listen(options_.host, options_.port, options_.loops);
  if (!listening.ok()) return listening.status();
  port_ = LocalPort(listening->front());
  for (Fd& fd : *listening) {
    absl::StatusOr<std::unique_ptr<EventLoop>> event_loop = EventLoop::Create();
    if (!event_loop.ok()) return event_loop.status();
    loops_.push_back(std::make_unique<HttpLoop>(
        *std::move(event_loop), std::move(fd), hub_, options_, totals_));
  }
  stats_ = StatsFeed::Make(hub_, loops_, totals_);
  for (const auto& loop : loops_) {
    if (absl::Status status = loop->Start(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void HttpServer::Drain(absl::Duration span, const std::function<void()>& done) {
  undrained_ = static_cast<int>(loops_.size());
  for (const auto& loop : loops_) {
    loop->Drain(span, [this, done] {
      if (--undrained_ == 0) done();
    });
  }
}

}  // namespace sluice
