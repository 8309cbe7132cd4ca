#pragma once

#include <map>
#include <string>
#include <vector>

#include "bridge/event/cursor.h"
#include "bridge/event/selector.h"
#include "tests/stress/findings.h"
#include "tests/stress/following.h"
#include "tests/stress/http_side.h"
#include "tests/stress/ledger.h"

namespace sluice {

// Holds what one reader is shown of several topics against the whole log: every
// entry that is selected, from the place where it began, in the log's order and
// once, but for those of topics that a gap named and that are really gone.
//
// Thread safety: none; the reader's.
// Lifetime: `side`, `ledger` and `findings` must outlive it.
class SelectorFollower final : public Following {
 public:
  SelectorFollower(HttpSide& side, Selector selector, const Ledger& ledger,
                   Findings& findings);

  std::string Target() const override;
  Wish Ask(Start start) override;
  void OnOpened() override;
  void OnEvent(const SseEvent& event) override;
  void OnLastChunk() override;
  void OnNoContent() override;
  void OnCalm() override { CheckNothingIsMissing(); }

  bool placed() const override { return placed_; }
  bool ended() const override { return ended_; }
  bool endless() const override { return !selector_.patterns().empty(); }
  bool behind() const override;
  bool ends_in_silence() const override { return false; }
  std::string ToString() const override;

 private:
  void OnGap(const SseEvent& event, Offset resumed);
  void OnEnded(const SseEvent& event, Offset at);
  void OnEntry(const SseEvent& event, Offset at);
  // Notes what it has not been shown between its place and `to`: a gap must
  // tell of it, where the topic goes on.
  void NoteMissing(Offset to);
  bool IsTombstone(const std::string& topic) const;
  void CheckTopic(const std::string& topic);
  void CheckNothingIsMissing();
  void MoveTo(Offset place);
  // What the topics that are there have lost by now.
  std::map<std::string, Offset> LostNow() const;
  bool AllHaveEnded() const;
  void Report(Findings::Kind kind, absl::string_view what);

  HttpSide& side_;
  const Selector selector_;
  const Ledger& ledger_;
  Findings& findings_;

  bool placed_ = false;
  Offset place_ = 0;
  Offset before_last_ = 0;
  bool ended_ = false;
  // By topics, up to where something is missing that no gap has told of yet.
  std::map<std::string, Offset> missing_;

  // The connection's.
  Start start_ = Start::kEarliest;
  std::string asked_id_;
  bool first_event_ = true;
  bool fresh_ = true;  // it is not told of what was lost before it came
  // A pattern shows a tombstone to none who has not seen the topic before.
  bool sees_no_tombstones_ = false;
  // Up to where a topic's entries may be missing: a gap has told so, or they
  // had gone before it came.
  std::map<std::string, Offset> gone_;
  Offset opened_at_ = 0;  // the log's visible end then, or a little later
};

}  // namespace sluice
