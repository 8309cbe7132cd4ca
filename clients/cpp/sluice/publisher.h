// Publishes events to a Sluice bridge, so that each of them is stored once,
// whatever becomes of the connection meanwhile.
//
//   sluice::Publisher publisher("localhost:50051");
//   publisher.Publish("chat.42", sluice::Text("Hello")).IgnoreError();
//   publisher.End("chat.42").IgnoreError();
//   absl::StatusOr<sluice::Totals> totals = publisher.Close();  // says it all
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sluice/channel.h"
#include "sluice/event.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice {

namespace internal {
class Sender;
}  // namespace internal

// What became of the events that were sent: accepted + duplicates is their
// number.
struct Totals {
  std::uint64_t accepted = 0;    // stored
  std::uint64_t duplicates = 0;  // there already
  std::string last_cursor;  // of the last entry, ends included; empty: none
};

struct PublisherOptions {
  // Of a publisher that connects by itself; null: plain text.
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  // Asked before each call for what goes with it, such as a token. May block,
  // but must come back: nothing is sent or given up meanwhile. Not to throw. An
  // error is tried again like a broken call.
  std::function<absl::StatusOr<Metadata>()> metadata;
  // What becomes of a topic without an end if this producer is lost
  // (ON_ABORT_FAIL: it fails); of up to 10,000 topics, those used last.
  v1::OnAbort on_abort = v1::ON_ABORT_KEEP_OPEN;

  // Told whether a topic that this publisher named has readers, and that one of
  // them asks to stop. Called one at a time on a thread of their own, so they
  // may block, publish and close, but not destroy the publisher, and must not
  // throw. A late one is told the last of what happened to a topic. None begins
  // after Close has returned.
  std::function<void(const std::string& topic, std::uint64_t subscribers)>
      on_interest;
  std::function<void(const std::string& topic, const std::string& reason)>
      on_stop;

  // How much may be unacknowledged: events and ends, and bytes. One that is
  // larger goes alone. At least 1.
  std::size_t buffer_events = 10'000;
  std::size_t buffer_bytes = std::size_t{8} << 20;
  // How long to wait for an acknowledgement while something is unacknowledged.
  absl::Duration give_up_after = absl::Minutes(1);
};

struct StreamOptions {
  // Goes on when a reader asks to stop.
  bool ignore_stops = false;
};

// What became of the items of a stream.
struct Streamed {
  std::uint64_t events = 0;  // published
  // Why not all of them: a reader's wish.
  std::optional<v1::Stop> stop;
};

// A buffer, and a thread that sends what waits in it, keeps what is not
// acknowledged, and sends that again over a new call when one breaks. What the
// bridge refuses is final: whoever waits gets it, and so does every later call;
// error.h says what it has to say. InvalidArgument that carries no PublishError
// is about the arguments alone, and changes nothing.
//
// A timeout ends the waiting of its method, with DeadlineExceeded: what is in
// the buffer is sent nevertheless, what waited for room is not.
//
// Thread safety: all methods, but for the destructor.
class Publisher {
 public:
  // Connects to `target`, HOST:PORT, when there is something to publish.
  explicit Publisher(const std::string& target,
                     const PublisherOptions& options = {});
  // On a channel that others may use too.
  explicit Publisher(std::shared_ptr<grpc::Channel> channel,
                     PublisherOptions options = {});

  // Closes, which may take as long as `give_up_after`: Cancel first to leave at
  // once. If events are lost by that, and no method has said so, it says so on
  // standard error. Waits for a callback that is running.
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Publishes an event, after everything before it. One without an id gets one,
  // which readers of that topic alone see. Blocks while the buffer is full. OK:
  // it is in the buffer; Flush and Close tell when it is stored.
  absl::Status Publish(const std::string& topic, Event event,
                       absl::Duration timeout = absl::InfiniteDuration());

  // Completes a topic. Nothing can be published to it afterwards. The waiting
  // is that of Publish, here and in the next two.
  absl::Status End(const std::string& topic,
                   absl::Duration timeout = absl::InfiniteDuration());

  // Ends a topic with an error that its readers are told; InvalidArgument if
  // `code` is kOk.
  absl::Status Fail(const std::string& topic, absl::StatusCode code,
                    const std::string& message,
                    absl::Duration timeout = absl::InfiniteDuration());

  // Names a topic without publishing anything, so that its readers are heard
  // of.
  absl::Status Announce(const std::string& topic,
                        absl::Duration timeout = absl::InfiniteDuration());

  // Publishes what `next` returns, completes the topic, and blocks until all
  // that is stored. If `next` returns an error, or throws, the topic fails with
  // that, and it is returned, or thrown on; after a reader's stop the topic is
  // completed even so. A stop is looked at between two items: if one may take
  // long, `on_stop` can cut it short.
  absl::StatusOr<Streamed> Stream(const std::string& topic, const Source& next,
                                  StreamOptions options = {});

  // Blocks until everything so far is stored.
  absl::Status Flush(absl::Duration timeout = absl::InfiniteDuration());

  // Flushes, ends the call, and tells how much was stored. Nothing can be
  // published any more, which Cancelled says. May be called again. After Cancel
  // it tells what was stored until then.
  absl::StatusOr<Totals> Close(
      absl::Duration timeout = absl::InfiniteDuration());

  // Closes at once and drops what is not acknowledged. Topics under
  // ON_ABORT_FAIL will fail. Does not block.
  void Cancel();

  // What is acknowledged so far.
  Totals totals() const;

 private:
  const std::unique_ptr<internal::Sender> sender_;
};

}  // namespace sluice
