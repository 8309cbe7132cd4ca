#pragma once

#include <memory>
#include <string>

#include "bridge/event/cursor.h"
#include "tests/stress/findings.h"
#include "tests/stress/following.h"
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
class Follower final : public Following {
 public:
  // `silent`: its end is not told.
  Follower(HttpSide& side, std::string topic, bool silent,
           std::shared_ptr<TopicLedger> ledger, Findings& findings);

  std::string Target() const override;
  Wish Ask(Start start) override;
  void OnEvent(const SseEvent& event) override;
  void OnLastChunk() override;
  void OnNoContent() override;
  bool placed() const override { return placed_; }
  bool ended() const override { return ended_; }
  bool endless() const override { return false; }
  bool behind() const override;
  bool ends_in_silence() const override { return silent_; }
  std::string ToString() const override;

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
  const bool silent_;
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
};

}  // namespace sluice
