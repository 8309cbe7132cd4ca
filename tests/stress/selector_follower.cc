#include "tests/stress/selector_follower.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

// The names in a gap's data, which the server wrote.
std::vector<std::string> TopicsOf(absl::string_view json) {
  const absl::string_view before = "\"topics\":[";
  const size_t at = json.find(before);
  if (at == absl::string_view::npos) return {};
  json.remove_prefix(at + before.size());
  std::vector<std::string> topics;
  for (absl::string_view name :
       absl::StrSplit(json.substr(0, json.find(']')), ',')) {
    absl::ConsumePrefix(&name, "\"");
    absl::ConsumeSuffix(&name, "\"");
    topics.emplace_back(name);
  }
  return topics;
}

}  // namespace

SelectorFollower::SelectorFollower(HttpSide& side, Selector selector,
                                   const Ledger& ledger, Findings& findings)
    : side_(side),
      selector_(std::move(selector)),
      ledger_(ledger),
      findings_(findings) {}

std::string SelectorFollower::Target() const {
  std::vector<std::string> entries = selector_.names();
  entries.insert(entries.end(), selector_.patterns().begin(),
                 selector_.patterns().end());
  return absl::StrCat("/v1/events?topic=", absl::StrJoin(entries, "&topic="));
}

std::string SelectorFollower::ToString() const {
  return absl::StrCat(Target(), ", place ", placed_ ? "" : "none, ", place_,
                      ", start ", static_cast<int>(start_), " by '", asked_id_,
                      "', ", delivered_, " delivered");
}

void SelectorFollower::Report(Findings::Kind kind, absl::string_view what) {
  findings_.Add(kind, absl::StrCat(what, " (", ToString(), ")"));
}

std::map<std::string, Offset> SelectorFollower::LostNow() const {
  std::map<std::string, Offset> lost;
  std::vector<std::string> names = selector_.names();
  for (const std::string& pattern : selector_.patterns()) {
    std::promise<Store::Listing> answer;
    side_.store().List(pattern, "", 10000, [&](Store::Listing listing) {
      answer.set_value(std::move(listing));
    });
    for (const auto& topic : answer.get_future().get().topics)
      names.push_back(topic.name);
  }
  for (const std::string& name : names)
    lost[name] = side_.Describe(name).lost.through();
  return lost;
}

Following::Wish SelectorFollower::Ask(Start start) {
  if (!placed_ && start >= Start::kPlace && start <= Start::kBeforeLast)
    start = Start::kEarliest;
  // What was a tombstone when the last connection should have shown it.
  for (auto it = missing_.begin(); it != missing_.end();) {
    const auto missing = it++;
    if (sees_no_tombstones_ && IsTombstone(missing->first))
      missing_.erase(missing);
  }
  start_ = start;
  first_event_ = true;
  ended_ = false;
  fresh_ = start < Start::kPlace || start > Start::kBeforeLast;
  gone_.clear();
  Wish wish;
  switch (start) {
    case Start::kEarliest:
      wish.parameter = "from=earliest";
      break;
    case Start::kLatest:
      wish.parameter = "from=latest";
      break;
    case Start::kLast:
      wish.parameter = "last=5";
      break;
    case Start::kBeforeLast:
      place_ = before_last_;
      wish.id = side_.CursorOf(place_);
      break;
    case Start::kPlace:
    case Start::kLastId:
      wish.id = side_.CursorOf(place_);
      break;
    case Start::kRubbish:
      wish.id = absl::StrCat("nobody-published-", delivered_);
      break;
    case Start::kForeign:
      wish.id = Cursor{Epoch::Random(), place_}.ToString();
      break;
    case Start::kBeyond:
      wish.id = side_.CursorOf(1000000000000);
      break;
  }
  if (fresh_) {
    placed_ = false;
    missing_.clear();
  }
  sees_no_tombstones_ = endless() && (fresh_ || place_ == 0);
  asked_id_ = wish.id;
  return wish;
}

void SelectorFollower::OnOpened() {
  if (!fresh_) return;
  gone_ = LostNow();
  opened_at_ = side_.Describe("nobody").visible_end;
}

void SelectorFollower::OnEvent(const SseEvent& event) {
  if (ended_) Report(Findings::kOther, "an event after the end");
  const auto cursor = Cursor::Parse(event.id);
  if (!cursor || cursor->epoch != side_.store().epoch())
    return Report(Findings::kOther, absl::StrCat("an id ", event.id));
  const Offset at = cursor->offset;
  if (event.type == "sluice.gap") {
    OnGap(event, at);
  } else if (!placed_ && start_ >= Start::kRubbish) {
    Report(Findings::kOther, absl::StrCat("no gap before ", event.data));
    MoveTo(at);
  } else if (event.type == "sluice.position") {
    if (!first_event_ || !fresh_)
      Report(Findings::kOther, absl::StrCat("a position ", event.id));
    MoveTo(at);
  } else if (event.type == "sluice.ended") {
    OnEnded(event, at);
  } else if (event.data == "[DONE]" && event.type.empty()) {
    if (endless() || at != place_ || !AllHaveEnded())
      Report(Findings::kOther, absl::StrCat("[DONE] at ", event.id));
    CheckNothingIsMissing();
    ended_ = true;
  } else {
    OnEntry(event, at);
  }
  first_event_ = false;
}

void SelectorFollower::OnGap(const SseEvent& event, Offset resumed) {
  ++gaps_;
  if (!placed_ && start_ >= Start::kRubbish) {
    const bool foreign = start_ == Start::kForeign;
    if (!first_event_ ||
        !absl::StrContains(event.data,
                           foreign ? "epoch_changed" : "unknown_id"))
      Report(Findings::kOther, absl::StrCat("a gap like ", event.data));
    return MoveTo(resumed);
  }
  if (!placed_) return MoveTo(resumed);
  if (resumed <= place_)
    Report(Findings::kDoubled, absl::StrCat("a gap back to ", event.id));
  Offset most = 0;
  NoteMissing(resumed + 1);
  for (const std::string& topic : TopicsOf(event.data)) {
    gone_[topic] = std::max(gone_[topic], resumed);
    const auto missing = missing_.find(topic);
    if (missing != missing_.end() && missing->second <= resumed)
      missing_.erase(missing);
    most = std::max(most, side_.Describe(topic).lost.through());
  }
  if (most < resumed) {
    Report(Findings::kLost,
           absl::StrCat("a gap ", event.data, " although no more is lost than ",
                        most));
  }
  MoveTo(resumed);
}

void SelectorFollower::OnEnded(const SseEvent& event, Offset at) {
  std::vector<Ledger::Line> lines;
  const bool is_entry = ledger_.LinesAfter(at - 1, at, &lines) &&
                        !lines.empty() && lines[0].is_end &&
                        absl::StrContains(event.data, *lines[0].topic);
  if (is_entry && (!placed_ || at > place_)) {
    ++delivered_;
    NoteMissing(at);
    CheckTopic(*lines[0].topic);
    return MoveTo(at);
  }
  // One that had ended before it came is told at its place.
  if (!fresh_ || (placed_ && at != place_))
    Report(Findings::kOther, absl::StrCat("an end like ", event.data));
  MoveTo(at);
}

void SelectorFollower::OnEntry(const SseEvent& event, Offset at) {
  ++delivered_;
  std::vector<Ledger::Line> lines;
  if (!ledger_.LinesAfter(at - 1, at, &lines) || lines.size() != 1 ||
      lines[0].is_end || !selector_.Selects(*lines[0].topic) ||
      lines[0].digest != DigestOf(event.type, event.data)) {
    return Report(Findings::kOther,
                  absl::StrCat("an event that is not the log's: ", event.id,
                               " ", event.data.substr(0, 100)));
  }
  if (placed_ && at <= place_)
    return Report(Findings::kDoubled, absl::StrCat(event.id, " once more"));
  NoteMissing(at);
  CheckTopic(*lines[0].topic);
  MoveTo(at);
}

void SelectorFollower::NoteMissing(Offset to) {
  std::vector<Ledger::Line> lines;
  if (!placed_ || !ledger_.LinesAfter(place_, to - 1, &lines)) return;
  for (const Ledger::Line& line : lines) {
    if (!selector_.Selects(*line.topic)) continue;
    const auto gone = gone_.find(*line.topic);
    // A tombstone is not listed among those that have lost something.
    const bool excused = gone == gone_.end()
                             ? fresh_ && line.offset <= opened_at_
                             : line.offset <= gone->second;
    if (!excused) missing_[*line.topic] = line.offset;
  }
}

bool SelectorFollower::IsTombstone(const std::string& topic) const {
  const Store::Description now = side_.Describe(topic);
  return now.info && now.info->end != nullptr && now.info->first == 0;
}

void SelectorFollower::CheckTopic(const std::string& topic) {
  const auto it = missing_.find(topic);
  if (it == missing_.end()) return;
  if (!(sees_no_tombstones_ && IsTombstone(topic)))
    Report(Findings::kLost, absl::StrCat("entry ", it->second, " of ", topic));
  missing_.erase(it);
}

void SelectorFollower::CheckNothingIsMissing() {
  while (!missing_.empty()) CheckTopic(missing_.begin()->first);
}

void SelectorFollower::MoveTo(Offset place) {
  before_last_ = placed_ ? place_ : place;
  placed_ = true;
  place_ = place;
}

bool SelectorFollower::AllHaveEnded() const {
  return std::all_of(selector_.names().begin(), selector_.names().end(),
                     [this](const std::string& name) {
                       const Store::Description now = side_.Describe(name);
                       return now.info && now.info->end != nullptr;
                     });
}

bool SelectorFollower::behind() const {
  std::promise<Store::Segment> answer;
  side_.store().Read(
      selector_, placed_ ? place_ : 0, 1,
      [&](Store::Segment segment) { answer.set_value(std::move(segment)); });
  return !answer.get_future().get().entries.empty();
}

void SelectorFollower::OnLastChunk() {
  if (!ended_) Report(Findings::kOther, "a last chunk without an end");
}

void SelectorFollower::OnNoContent() {
  if (endless() || !AllHaveEnded() || (placed_ && behind()))
    Report(Findings::kOther, "204 although something is left");
  ended_ = placed_ = true;
}

}  // namespace sluice
