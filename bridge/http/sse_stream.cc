#include "bridge/http/sse_stream.h"

#include <utility>

#include "bridge/http/connection.h"

namespace sluice {

SseStream::SseStream(std::shared_ptr<TopicChannel> channel, const Place& place,
                     std::string opening, int64_t heartbeat_ms)
    : channel_(std::move(channel)),
      cursor_(place.after),
      known_losses_(place.known_losses),
      ahead_(place.ahead),
      opening_(std::move(opening)),
      heartbeat_ms_(heartbeat_ms) {}

SseStream::~SseStream() { Detach(); }

void SseStream::Attach(Connection& connection) {
  connection_ = &connection;
  channel_->Join(*this);
}

void SseStream::Detach() {
  if (connection_ == nullptr) return;
  connection_ = nullptr;
  channel_->Leave(*this);
}

bool SseStream::Provide(httplib::DataSink& sink) {
  if (!opened_) {
    opened_ = true;
    sink.write(opening_.data(), opening_.size());
    opening_ = std::string();
    return false;
  }
  waiting_ = false;
  const TopicChannel::Filled filled =
      channel_->Fill(*this, cursor_, static_cast<GatherSink&>(sink));
  waiting_ = filled == TopicChannel::Filled::kWaiting;
  if (filled == TopicChannel::Filled::kEnded) sink.done();
  return filled != TopicChannel::Filled::kLost;
}

void SseStream::Drive() { connection_->Drive(); }

}  // namespace sluice
