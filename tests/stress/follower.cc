#include "tests/stress/follower.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice {
namespace {

// The value of a text field of `json`, which the server wrote.
std::string TextField(absl::string_view json, absl::string_view name) {
  const std::string before = absl::StrCat("\"", name, "\":\"");
  const size_t at = json.find(before);
  if (at == absl::string_view::npos) return "";
  const size_t from = at + before.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

}  // namespace

Follower::Follower(HttpSide& side, std::string topic, bool silent,
                   std::shared_ptr<TopicLedger> ledger, Findings& findings)
    : side_(side),
      topic_(std::move(topic)),
      silent_(silent),
      ledger_(std::move(ledger)),
      findings_(findings) {}

std::string Follower::Context() const {
  return absl::StrCat(" (topic ", topic_, ", place ", placed_ ? "" : "none, ",
                      place_, ", start ", static_cast<int>(start_), " by '",
                      asked_id_, "', ", ledger_->size(), " entries, ",
                      delivered_, " delivered)");
}

std::string Follower::ToString() const {
  return absl::StrCat(behind() ? "behind" : "not behind", Context());
}

void Follower::Report(Findings::Kind kind, absl::string_view what) {
  findings_.Add(kind, absl::StrCat(what, Context()));
}

bool Follower::behind() const {
  return ledger_->IndexAfter(placed_ ? place_ : visible_before_) <
         ledger_->size();
}

size_t Follower::FirstShown(const Store::Description& now) const {
  const size_t kept = ledger_->IndexAfter(now.lost.through());
  if (start_ != Start::kLast) return kept;
  const size_t events =
      ledger_->EventsBefore(ledger_->IndexAfter(now.visible_end));
  return std::max<size_t>(kept, events - std::min<size_t>(last_count_, events));
}

std::string Follower::Target() const {
  return absl::StrCat("/v1/topics/", topic_, "/events");
}

Follower::Wish Follower::Ask(Start start) {
  if (!placed_ && start >= Start::kPlace && start <= Start::kBeforeLast)
    start = Start::kEarliest;
  start_ = start;
  first_event_ = true;
  error_told_ = false;
  ended_ = false;
  last_count_ = 1 + delivered_ % 7;
  const Store::Description now = side_.Describe(topic_);
  visible_before_ = now.visible_end;
  lost_before_ = now.lost.through();
  first_shown_before_ = FirstShown(now);

  Wish wish;
  switch (start) {
    case Start::kEarliest:
      wish.parameter = "from=earliest";
      break;
    case Start::kLatest:
      wish.parameter = "from=latest";
      break;
    case Start::kLast:
      wish.parameter = absl::StrCat("last=", last_count_);
      break;
    case Start::kBeforeLast:
      place_ = before_last_;
      last_id_ = wish.id = side_.CursorOf(place_);
      break;
    case Start::kPlace:
      wish.id = side_.CursorOf(place_);
      break;
    case Start::kLastId:
      wish.id = last_id_;
      break;
    case Start::kRubbish:
      wish.id = absl::StrCat("nobody-published-", delivered_);
      break;
    case Start::kForeign:
      wish.id = Cursor{Epoch::Random(), place_}.ToString();
      break;
    case Start::kBeyond:
      wish.id = side_.CursorOf(visible_before_ + 1000000000);
      break;
  }
  // Nothing is known of the place any more until the stream tells.
  if (start < Start::kPlace || start > Start::kBeforeLast) placed_ = false;
  asked_id_ = wish.id;
  return wish;
}

void Follower::OnEvent(const SseEvent& event) {
  if (ended_) Report(Findings::kOther, "an event after the end");
  if (event.type == "sluice.gap") {
    OnGap(event);
  } else if (event.type == "sluice.position") {
    OnPosition(event);
  } else if (!placed_ && start_ >= Start::kRubbish) {
    Report(Findings::kOther, absl::StrCat("no gap before ", event.data));
    placed_ = true;
  } else if (event.type == "error") {
    OnError(event);
  } else if (event.data == "[DONE]") {
    OnDone(event);
  } else {
    OnPublished(event);
  }
  first_event_ = false;
}

void Follower::OnGap(const SseEvent& event) {
  ++gaps_;
  const auto resumed = Cursor::Parse(event.id);
  const std::string requested = TextField(event.data, "requested");
  const std::string reason = TextField(event.data, "reason");
  if (!resumed || resumed->epoch != side_.store().epoch() ||
      TextField(event.data, "resumed") != event.id ||
      !absl::StrContains(event.data,
                         absl::StrCat("\"topics\":[\"", topic_, "\"]"))) {
    return Report(Findings::kOther, absl::StrCat("a gap like ", event.data));
  }
  const Lost lost = side_.Describe(topic_).lost;
  if (resumed->offset < lost_before_ || resumed->offset > lost.through()) {
    Report(Findings::kLost, absl::StrCat("a gap ", event.data,
                                         " although the log is trimmed from ",
                                         lost_before_, " to ", lost.through()));
  }
  const auto from = Cursor::Parse(requested);
  const bool asked_for = first_event_ && requested == asked_id_;
  std::string expected = "trimmed";
  if (asked_for && start_ == Start::kForeign) {
    expected = "epoch_changed";
  } else if (asked_for && (!from || start_ == Start::kBeyond)) {
    expected = "unknown_id";
  } else if (reason == "gone" && from && from->offset < lost.gone_through) {
    expected = "gone";
  }
  if (reason != expected)
    Report(Findings::kOther, absl::StrCat("no ", expected, " in ", event.data));
  // An id that nobody knows any more is a gap, whether events are missing or
  // not; any other gap stands for some that are.
  if (placed_ && resumed->offset < place_)
    Report(Findings::kDoubled, absl::StrCat("a gap back to ", event.id));
  if (reason == "trimmed") CheckHole(event, from, resumed->offset);
  placed_ = true;
  before_last_ = place_ = resumed->offset;
  last_id_ = event.id;
}

void Follower::CheckHole(const SseEvent& event,
                         const absl::optional<Cursor>& from, Offset resumed) {
  size_t gone = 0;
  if (!from || !ledger_->WaitForEntryAfter(from->offset, &gone) ||
      ledger_->At(gone).offset > resumed ||
      (placed_ &&
       (from->offset < place_ || gone != ledger_->IndexAfter(place_)))) {
    Report(Findings::kOther,
           absl::StrCat("a gap without a hole: ", event.data));
  }
}

void Follower::OnPosition(const SseEvent& event) {
  const auto at = Cursor::Parse(event.id);
  if (start_ != Start::kLatest || !first_event_ || !at ||
      at->epoch != side_.store().epoch() || at->offset < visible_before_ ||
      at->offset > side_.Describe(topic_).visible_end)
    Report(Findings::kOther, absl::StrCat("a position ", event.id));
  placed_ = true;
  before_last_ = place_ = at ? at->offset : 0;
  last_id_ = event.id;
}

bool Follower::Find(const SseEvent& event, size_t* index) {
  if (const auto cursor = Cursor::Parse(event.id)) {
    if (cursor->epoch != side_.store().epoch() || cursor->offset == 0)
      return false;
    return ledger_->WaitForEntryAfter(cursor->offset - 1, index) &&
           ledger_->At(*index).offset == cursor->offset;
  }
  return ledger_->WaitForId(event.id, index);
}

void Follower::OnError(const SseEvent& event) {
  const auto cursor = Cursor::Parse(event.id);
  size_t index = 0;
  if (!cursor || !ledger_->WaitForEntryAfter(cursor->offset, &index) ||
      ledger_->At(index).offset != cursor->offset + 1 ||
      !ledger_->At(index).is_end ||
      ledger_->At(index).digest != DigestOf("error", event.data)) {
    return Report(Findings::kOther,
                  absl::StrCat("an error ", event.id, " ", event.data));
  }
  error_told_ = true;
}

void Follower::OnDone(const SseEvent& event) {
  size_t index = 0;
  if (!Cursor::Parse(event.id) || !Find(event, &index) ||
      !ledger_->At(index).is_end || ledger_->At(index).silent) {
    return Report(Findings::kOther, absl::StrCat("[DONE] at ", event.id));
  }
  if (error_told_ != (ledger_->At(index).digest != 0))
    Report(Findings::kOther, "an end with the error of another");
  OnEntry(index);
  last_id_ = event.id;
  ended_ = true;
}

void Follower::OnPublished(const SseEvent& event) {
  size_t index = 0;
  if (!Find(event, &index)) {
    return Report(Findings::kOther,
                  absl::StrCat("an event that nobody published: ", event.id));
  }
  const LedgerEntry entry = ledger_->At(index);
  const bool cursor = Cursor::Parse(event.id).has_value();
  if (entry.is_end || entry.id.empty() != cursor ||
      entry.digest != DigestOf(event.type, event.data)) {
    Report(Findings::kOther,
           absl::StrCat("another event than was published: ", event.id, " ",
                        event.type, " ", event.data.substr(0, 100)));
  }
  OnEntry(index);
  last_id_ = event.id;
}

void Follower::CheckStart(size_t index) {
  if (start_ == Start::kLatest) {
    if (!ledger_->At(index).is_end)
      Report(Findings::kOther, "an event before the position");
    return;
  }
  const Store::Description now = side_.Describe(topic_);
  const TopicInfo info = now.info.value_or(TopicInfo{});
  // The ledger may lag a little behind the store.
  size_t there = 0;
  if (info.last > 0) ledger_->WaitForEntryAfter(info.last - 1, &there);
  const size_t last = FirstShown(now);
  if (index < first_shown_before_ || index > last) {
    Report(index > last ? Findings::kLost : Findings::kOther,
           absl::StrCat("it began with entry ", index, ", not between ",
                        first_shown_before_, " and ", last));
  }
}

void Follower::OnEntry(size_t index) {
  ++delivered_;
  if (!placed_) {
    CheckStart(index);
  } else if (const size_t due = ledger_->IndexAfter(place_); index != due) {
    Report(index > due ? Findings::kLost : Findings::kDoubled,
           absl::StrCat("entry ", index, " where ", due, " is due"));
  }
  before_last_ = placed_ ? place_ : ledger_->At(index).offset - 1;
  placed_ = true;
  place_ = ledger_->At(index).offset;
}

size_t Follower::Due(size_t end) const {
  if (placed_) return ledger_->IndexAfter(place_);
  return start_ == Start::kLatest ? end : FirstShown(side_.Describe(topic_));
}

void Follower::OnLastChunk() {
  if (ended_) return;
  const absl::optional<size_t> end = End();
  if (!end || !ledger_->At(*end).silent || Due(*end) != *end)
    return Report(Findings::kOther, "a last chunk without an end");
  OnEntry(*end);
  last_id_ = side_.CursorOf(place_);
  ended_ = true;
}

void Follower::OnNoContent() {
  const absl::optional<size_t> end = End();
  if (!end) return Report(Findings::kOther, "204 although nothing has ended");
  if (Due(*end) < (ledger_->At(*end).silent ? *end : *end + 1))
    Report(Findings::kLost, "204 although there is something left");
  ended_ = placed_ = true;
  before_last_ = place_ = ledger_->At(*end).offset;
  last_id_ = side_.CursorOf(place_);
}

absl::optional<size_t> Follower::End() const {
  const TopicInfo info = side_.Describe(topic_).info.value_or(TopicInfo{});
  size_t end = 0;
  if (info.end == nullptr ||
      !ledger_->WaitForEntryAfter(info.end->offset() - 1, &end))
    return absl::nullopt;
  return end;
}

}  // namespace sluice
