#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/variant.h"
#include "bridge/base/mutex.h"
#include "bridge/event/cursor.h"
#include "bridge/grpc/message_types.h"
#include "bridge/grpc/request_parser.h"
#include "bridge/hub/hub.h"

namespace sluice {

// What the client of a publishing call is told besides: that a topic of the
// call has readers now, or none any more; that a reader asks it to stop.
struct Interest {
  std::string topic;
  uint64_t subscribers = 0;
};
struct Stop {
  std::string topic;
  std::string reason;
};

// What a publishing call has stored: the first `requests` of its requests.
struct PublishTotals {
  uint64_t requests = 0;
  uint64_t accepted = 0;               // events that are new
  uint64_t duplicates = 0;             // events that were there
  absl::optional<Cursor> last_cursor;  // of the last entry; empty: none yet

  // As messages have it.
  std::string LastCursorText() const {
    return last_cursor ? last_cursor->ToString() : "";
  }
};

struct PublishOptions {
  size_t max_event_bytes = 1 << 20;
  size_t window_requests = 256;  // that may wait for the store
  // Of requests that may wait for the store, with what their events take more
  // in memory than on the wire.
  size_t window_bytes = 1 << 20;
  absl::Duration grace = absl::Seconds(10);  // see OnAbort in event.proto
  // What events may carry as `message`; null: nothing.
  std::shared_ptr<const MessageTypes> message_types;
};

// One publishing call, whatever its method: takes requests in order, has them
// stored, and says what became of them. Between a call of gRPC, its peer, and
// the hub with its store.
//
// Requests are appended as they come, so that the store can commit many at
// once; the call reads on while the window has room. The answers count in the
// order of the requests. The first error ends the call, as soon as all requests
// before it are answered. However it ends, the topics that it holds are
// released first.
//
// Thread safety: any thread may call. The peer is called with no lock held, one
// call at a time, from within these methods or from the store's threads.
// Lifetime: store answers keep the call alive. The peer must live until Finish,
// the store until then too; nothing is asked of either afterwards.
class PublishCall final : public Producers::Listener,
                          public std::enable_shared_from_this<PublishCall> {
 public:
  // What a client that is given feedback may be told.
  using Feedback = absl::variant<PublishTotals, Interest, Stop>;

  // The way back to the client.
  class Peer {
   public:
    virtual ~Peer() = default;

    // Answer with one OnRequest or OnHalfClose.
    virtual void Read() = 0;

    // Answer with OnWritten. Only if the call gives feedback.
    virtual void Write(const Feedback& feedback) = 0;

    // The last call of all.
    virtual void Finish(const absl::Status& status,
                        const PublishTotals& stored) = 0;
  };

  // `holder` names the call among all those of the store's topics. With
  // `gives_feedback` the peer is told what is stored as it goes, and what the
  // readers do: of acknowledgements and interest only the newest, of stops one
  // a topic while it waits to be written.
  PublishCall(Hub& hub, const PublishOptions& options, uint64_t holder,
              bool gives_feedback, Peer& peer);
  PublishCall(const PublishCall&) = delete;
  PublishCall& operator=(const PublishCall&) = delete;

  // Asks the peer for the first request.
  void Start();

  void OnRequest(const grpc::ByteBuffer& bytes);
  void OnHalfClose();
  void OnWritten(bool ok);

  // The client is gone: finish without waiting for the store.
  void OnCancel();

  void OnInterest(const std::string& topic) override;
  void OnStop(const std::string& topic, const std::string& reason) override;

 private:
  enum class Action { kNone, kRead, kWrite, kFinish };

  // A request on its way through the store.
  struct Slot {
    size_t bytes = 0;
    std::string ends;  // the topic that it ends, if it does
    absl::optional<absl::StatusOr<Store::Appended>> answer;
  };

  // A topic that the call has named and not ended.
  struct Held {
    bool fails = false;         // with the call
    bool interest = false;      // its readers are to be looked at
    absl::optional<bool> read;  // whether it has readers, as the client knows
    bool stop = false;          // one waits to be told
  };

  void Append(ParsedRequest parsed, size_t bytes);
  void OnStored(uint64_t request, absl::StatusOr<Store::Appended> answer);
  void Refuse(absl::Status status);

  // Does what is due. Only one thread at a time does; others leave it to that
  // one, which looks again before it leaves. So nothing follows Finish.
  void Run();
  Action NextAction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::optional<Feedback> NextFeedback() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayFinish() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayRead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finish();

  // Counts the answers that have no unanswered request before them. Returns the
  // topics that these have ended.
  std::vector<std::string> Settle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // What the producers' list knows the call by.
  std::weak_ptr<Listener> AsListener();

  Hub& hub_;
  const Epoch epoch_;
  const PublishOptions options_;
  const uint64_t holder_;
  const bool gives_feedback_;
  Peer& peer_;

  RequestParser parser_;  // used by OnRequest alone, which comes one at a time

  Mutex mutex_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool handling_ ABSL_GUARDED_BY(mutex_) = false;  // OnRequest is at work
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;  // no request will be stored
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;

  // The requests after totals_.requests, in order.
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);  // of the first of slots_
  PublishTotals totals_ ABSL_GUARDED_BY(mutex_);

  // What the client has not been told yet, and what it is being told.
  uint64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<std::string> interest_ ABSL_GUARDED_BY(mutex_);
  std::deque<Stop> stops_ ABSL_GUARDED_BY(mutex_);
  Feedback feedback_ ABSL_GUARDED_BY(mutex_);

  absl::flat_hash_map<std::string, Held> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice
