#pragma once

#include <httplib.h>

#include <memory>
#include <string>

#include "bridge/http/topic_channel.h"
#include "bridge/hub/place.h"

namespace sluice {

class Connection;

// One reader's event stream: what its content provider is a method of. It keeps
// a place in the log, and nothing of what is there.
//
// Thread safety: none; a loop's.
// Lifetime: held by the provider. Attached to a connection, it must be detached
// before that goes.
class SseStream : public std::enable_shared_from_this<SseStream> {
 public:
  // Will write `opening`, and then what comes after the place.
  SseStream(std::shared_ptr<TopicChannel> channel, const Place& place,
            std::string opening, int64_t heartbeat_ms);
  ~SseStream();
  SseStream(const SseStream&) = delete;
  SseStream& operator=(const SseStream&) = delete;

  // The content provider. First, in cpp-httplib's hands: writes the opening and
  // returns false. Then, in the loop's, with its GatherSink: gathers what is
  // new, calls done at the topic's end, and returns false to be closed.
  bool Provide(httplib::DataSink& sink);

  // The reader counts from here on, and is driven through `connection`.
  void Attach(Connection& connection);
  void Detach();

  Offset cursor() const { return cursor_; }
  // The last loss that it need not be told of.
  uint64_t known_losses() const { return known_losses_; }

  // What is lost and not told yet, as long as it stands further on.
  const LossAhead& ahead() const { return ahead_; }
  void set_ahead(const LossAhead& ahead) { ahead_ = ahead; }
  int64_t heartbeat_ms() const { return heartbeat_ms_; }

  // The store was asked for what comes next.
  bool waiting() const { return waiting_; }

  // Sends what there is.
  void Drive();

 private:
  const std::shared_ptr<TopicChannel> channel_;
  Offset cursor_;
  const uint64_t known_losses_;
  LossAhead ahead_;
  std::string opening_;  // empty once it is written
  const int64_t heartbeat_ms_;
  Connection* connection_ = nullptr;
  bool opened_ = false;
  bool waiting_ = false;
};

}  // namespace sluice
