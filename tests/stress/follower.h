#pragma once

#include <memory>
#include <string>

#include "bridge/event/cursor.h"
#include "tests/integration/raw_client.h"
#include "tests/stress/findings.h"
#include "tests/stress/http_side.h"
#include "tests/stress/ledger.h"

namespace sluice {

// Holds what one reader is shown of one topic, over all of its connections,
// against the ledger: every entry from the place where it began, in order and
// once, holes only where a gap says so and the events are really gone, and the
// end last.
//
// Thread safety: none; the reader's.
// Lifetime: `side` and `findings` must outlive it.
class Follower {
 public:
  // Where a connection wants to begin.
  enum class Start {
    kEarliest,
    kLatest,
    kLast,        // the last few
    kPlace,       // by the cursor of its place
    kLastId,      // by the last id that it was shown, as an EventSource does
    kBeforeLast,  // from before the last event that it was shown
    kRubbish,     // by an id that nobody published
    kForeign,     // by a cursor of another log
    kBeyond,      // by a cursor that the log has not reached
  };
  struct Wish {
    std::string id;     // for Last-Event-ID
    std::string query;  // for the target, beginning with '?'; or empty
  };

  Follower(HttpSide& side, std::string topic,
           std::shared_ptr<TopicLedger> ledger, Findings& findings);

  // A connection is about to be made.
  Wish Ask(Start start);

  // What came on it.
  void OnEvent(const SseEvent& event);
  void OnLastChunk();
  void OnNoContent();

  // It has a place to come back to.
  bool placed() const { return placed_; }
  bool ended() const { return ended_; }
  // The ledger has something after its place.
  bool behind() const;
  uint64_t delivered() const { return delivered_; }
  uint64_t gaps() const { return gaps_; }

  std::string ToString() const;

 private:
  void OnGap(const SseEvent& event);
  void OnPosition(const SseEvent& event);
  void OnError(const SseEvent& event);
  void OnDone(const SseEvent& event);
  void OnPublished(const SseEvent& event);
  void OnEntry(size_t index);
  void CheckStart(size_t index);
  // The first entry that a reader who began in this state would be shown.
  size_t FirstShown(const Store::Description& now) const;
  // What must come next, for a topic that has ended at `end`.
  size_t Due(size_t end) const;
  // The topic's end, if it has one.
  absl::optional<size_t> End() const;
  void CheckHole(const SseEvent& event, const absl::optional<Cursor>& from,
                 Offset resumed);
  bool Find(const SseEvent& event, size_t* index);
  void Report(Findings::Kind kind, absl::string_view what);
  std::string Context() const;

  HttpSide& side_;
  const std::string topic_;
  const std::shared_ptr<TopicLedger> ledger_;
  Findings& findings_;

  // Where it is: it has been shown, or told of as gone, all up to here.
  bool placed_ = false;
  Offset place_ = 0;
  std::string last_id_;
  Offset before_last_ = 0;  // its place before the last event
  bool error_told_ = false;
  bool ended_ = false;

  // The connection's.
  Start start_ = Start::kEarliest;
  uint64_t last_count_ = 0;
  std::string asked_id_;
  bool first_event_ = true;  // none has come yet
  Offset lost_before_ = 0;
  Offset visible_before_ = 0;
  size_t first_shown_before_ = 0;

  uint64_t delivered_ = 0;
  uint64_t gaps_ = 0;
};

}  // namespace sluice
