#include "bridge/http/topic_channel.h"

#include <algorithm>
#include <utility>

#include "bridge/http/connection.h"
#include "bridge/http/http_loop.h"
#include "bridge/http/sse_frame.h"
#include "bridge/http/sse_stream.h"
#include "bridge/hub/hub.h"

namespace sluice {
namespace {

constexpr size_t kRunBytes = 64 << 10;
// Readers that are blocked for a moment find what they missed without the
// store.
constexpr size_t kMaxTailBytes = 256 << 10;

}  // namespace

TopicChannel::TopicChannel(HttpLoop& loop, Selector selector,
                           StreamFormat format, std::string key)
    : loop_(loop),
      selector_(std::move(selector)),
      key_(std::move(key)),
      format_{loop.epoch(), loop.options().error_event, format} {}

TopicChannel::~TopicChannel() {
  while (!segments_.empty()) DropSegment(segments_.begin()->first);
  loop_.channels().Remove(key_);
}

void TopicChannel::Start() {
  view_ = loop_.hub().Watch(
      selector_, loop_.inbox(), [this] { TakeNews(); },
      [&loop = loop_, weak = weak_from_this()] {
        loop.RunInLoop([weak] {
          if (const auto channel = weak.lock()) channel->OnReady();
        });
      });
}

void TopicChannel::OnReady() {
  ready_ = true;
  std::vector<std::function<void()>> when_ready = std::move(when_ready_);
  for (const auto& ready : when_ready) ready();
}

void TopicChannel::WhenReady(std::function<void()> ready) {
  if (ready_) {
    ready();
  } else {
    when_ready_.push_back(std::move(ready));
  }
}

void TopicChannel::Join(SseStream& reader) {
  TakeNews();
  if (readers_.size() > 64 && reader_count_ < readers_.size() / 2) {
    readers_.erase(std::remove(readers_.begin(), readers_.end(), nullptr),
                   readers_.end());
    next_reader_ = 0;
    unflushed_ = unflushed_ == 0 ? 0 : readers_.size();
  }
  readers_.push_back(&reader);
  // Without it, it would take the turn of one that the flush has not come to.
  if (unflushed_ > 0) ++unflushed_;
  ++reader_count_;
  ++loop_.counters().streams;
  view_->CountSubscribers(1);
}

void TopicChannel::Leave(SseStream& reader) {
  *std::find(readers_.begin(), readers_.end(), &reader) = nullptr;
  --reader_count_;
  --loop_.counters().streams;
  view_->CountSubscribers(-1);
}

// Whether a stream of several topics may be at its end with these.
bool TopicChannel::MayBeOver(absl::Span<const EntryRef> entries) const {
  return format_.stream.several && selector_.patterns().empty() &&
         std::any_of(entries.begin(), entries.end(),
                     [](const EntryRef& entry) { return entry->is_end(); });
}

void TopicChannel::TakeNews() {
  const TopicView::Tail news = view_->Take();
  // None may be left of what there was: then the store has it for the readers.
  const bool none = news.to == tail_to_;
  if (news.from > tail_to_) {
    tail_.clear();
    tail_bytes_ = 0;
    tail_from_ = news.from;
  }
  tail_to_ = news.to;
  if (none) return;
  absl::Span<const EntryRef> entries = news.entries;
  if (MayBeOver(entries)) {
    // Whether all have ended now is for the store to say.
    tail_.clear();
    tail_bytes_ = 0;
    tail_from_ = tail_to_;
    entries = {};
  }
  while (!entries.empty()) {
    tail_.push_back(format_.Encode(entries, kRunBytes, 0));
    tail_bytes_ += tail_.back().bytes->size();
  }
  if (unflushed_ == 0) loop_.channels().QueueFlush(shared_from_this());
  unflushed_ = readers_.size();
  TrimTail();
}

void TopicChannel::TrimTail() {
  size_t drop = 0;
  while (tail_bytes_ > kMaxTailBytes && drop + 1 < tail_.size()) {
    tail_bytes_ -= tail_[drop].bytes->size();
    tail_from_ = tail_[drop++].reached;
  }
  tail_.erase(tail_.begin(), tail_.begin() + static_cast<ptrdiff_t>(drop));
}

TopicChannel::Filled TopicChannel::Fill(SseStream& reader, Offset& cursor,
                                        GatherSink& sink) {
  bool asked = false;
  while (!sink.full()) {
    const bool loss_ahead = reader.ahead().through > cursor;
    if (cursor >= tail_from_ && !loss_ahead) return FillFromTail(cursor, sink);
    const uint64_t losses = loss_ahead ? reader.ahead().losses : 0;
    size_t begin = 0;
    if (const Replay* replay = FindSegment(cursor, losses, begin)) {
      const bool ended = replay->run.ended;
      if (!FillFromReplay(*replay, begin, reader, cursor, sink))
        return Filled::kLost;
      if (ended) return Filled::kEnded;
      asked = false;
    } else if (asked) {
      return Filled::kWaiting;
    } else {
      AskFor(cursor, reader);
      asked = true;
    }
  }
  return Filled::kSome;
}

// False if the reader is to be sent away.
bool TopicChannel::FillFromReplay(const Replay& replay, size_t begin,
                                  SseStream& reader, Offset& cursor,
                                  GatherSink& sink) const {
  const EncodedRun& run = replay.run;
  const auto write_until = [&](size_t end) {
    loop_.counters().deliveries += run.FramesFrom(begin) - run.FramesFrom(end);
    if (end == run.bytes->size()) {
      sink.WriteEncoded(run.bytes, begin);
    } else if (end > begin) {
      sink.WriteEncoded(std::make_shared<const std::string>(
                            run.bytes->substr(begin, end - begin)),
                        0);
    }
    begin = end;
  };
  const auto told = [&](const Hole& hole) {
    return hole.lost.through() > cursor && hole.number > reader.known_losses();
  };
  auto hole = replay.holes.begin();
  while ((hole = std::find_if(hole, replay.holes.end(), told)) !=
         replay.holes.end()) {
    if (sends_away_) return false;
    // What stands before the hole, and then one gap for all holes that nothing
    // stands between.
    const absl::optional<size_t> frame = run.BeginAfter(hole->lost.through());
    write_until(frame.value_or(begin));
    const Offset at = std::max(cursor, run.LastBefore(begin));
    Gap gap = *GapAfter(at, hole->lost, format_.epoch);
    std::vector<std::string> topics;
    for (; hole != replay.holes.end(); ++hole) {
      if (!told(*hole)) continue;
      const auto next = GapAfter(at, hole->lost, format_.epoch);
      if (next->reason != gap.reason ||
          run.BeginAfter(hole->lost.through()) != frame)
        break;
      gap.resumed = next->resumed;
      topics.push_back(hole->topic);
    }
    const std::string gap_frame = GapFrame(gap, topics, format_.epoch);
    sink.write(gap_frame.data(), gap_frame.size());
    ++loop_.counters().gaps;
    cursor = gap.resumed;
  }
  write_until(run.bytes->size());
  cursor = run.reached;
  if (replay.lost_through > cursor)
    reader.set_ahead({replay.lost_through, replay.losses});
  return true;
}

TopicChannel::Filled TopicChannel::FillFromTail(Offset& cursor,
                                                GatherSink& sink) {
  size_t next = tail_.size();
  while (next > 0 && tail_[next - 1].reached > cursor) --next;
  for (; next < tail_.size(); ++next) {
    if (sink.full()) return Filled::kSome;
    const EncodedRun& run = tail_[next];
    const size_t begin = *run.BeginAfter(cursor);
    sink.WriteEncoded(run.bytes, begin);
    loop_.counters().deliveries += run.FramesFrom(begin);
    cursor = run.reached;
    if (run.ended) return Filled::kEnded;
  }
  return Filled::kAll;
}

const TopicChannel::Replay* TopicChannel::FindSegment(Offset cursor,
                                                      uint64_t losses,
                                                      size_t& begin) {
  auto it = segments_.upper_bound(cursor);
  if (it == segments_.begin()) return nullptr;
  const Replay& replay = (--it)->second;
  const EncodedRun& run = replay.run;
  if (run.reached <= cursor) return nullptr;
  // One that was cut short by the log's end serves until there is more: else
  // those who come later would go through many small ones.
  const bool outdated = run.at_log_end && run.reached < tail_to_;
  if (outdated || replay.losses < losses) {
    DropSegment(it->first);
    return nullptr;
  }
  const absl::optional<size_t> found = run.BeginAfter(cursor);
  if (!found) return nullptr;
  begin = *found;
  return &replay;
}

void TopicChannel::DropSegment(Offset after) {
  const auto it = segments_.find(after);
  if (it == segments_.end()) return;
  loop_.channels().CountReplay(
      -static_cast<int64_t>(it->second.run.MemoryBytes()));
  segments_.erase(it);
}

void TopicChannel::AskFor(Offset after, SseStream& reader) {
  auto& waiting = asked_[after];
  waiting.push_back(reader.weak_from_this());
  if (waiting.size() > 1) return;
  loop_.channels().QueueRead([weak = weak_from_this(), after] {
    const auto channel = weak.lock();
    if (channel == nullptr) return false;
    // What was read meanwhile may be what was asked for.
    size_t begin = 0;
    if (channel->FindSegment(after, 0, begin) != nullptr) {
      channel->DriveWaiting(after);
      return false;
    }
    channel->Read(after);
    return true;
  });
}

void TopicChannel::Read(Offset after) {
  loop_.hub().store().Read(
      selector_, after, kRunBytes,
      [&loop = loop_, weak = weak_from_this(), after](Store::Segment segment) {
        auto boxed = std::make_shared<Store::Segment>(std::move(segment));
        loop.RunInLoop([&loop, weak, after, boxed] {
          if (const auto channel = weak.lock())
            channel->OnSegment(after, *boxed);
          loop.channels().EndRead();
        });
      });
}

void TopicChannel::OnSegment(Offset after, const Store::Segment& segment) {
  RunFormat format = format_;
  if (!format.stream.several) {
    format.coalesce = segment.settings.coalesce && !format.stream.envelope;
    sends_away_ =
        segment.settings.slow_reader == TopicSettings::SlowReader::kDisconnect;
  }
  Offset torn_to = 0;
  for (const Hole& hole : segment.holes) {
    if (hole.lost.through() <= segment.reached) torn_to = hole.lost.through();
  }
  // It ends where one that is there begins. What begins within a hole was read
  // before that was torn, and would hide it.
  auto next = segments_.upper_bound(after);
  while (next != segments_.end() && next->first < torn_to)
    DropSegment((next++)->first);
  const Offset to = next == segments_.end()
                        ? segment.reached
                        : std::min(segment.reached, next->first);
  if (to > after) {
    absl::Span<const EntryRef> entries = segment.entries;
    while (!entries.empty() && entries.back()->offset() > to)
      entries.remove_suffix(1);
    Replay replay;
    replay.run = format.Encode(entries, ~size_t{0}, segment.ended_at);
    replay.losses = segment.losses;
    for (const Hole& hole : segment.holes) {
      if (hole.lost.through() <= to) replay.holes.push_back(hole);
      replay.lost_through = hole.lost.through();
    }
    replay.run.reached = to;
    replay.run.at_log_end = segment.at_end && to == segment.reached;
    Keep(after, std::move(replay));
  }
  DriveWaiting(after);
}

void TopicChannel::Keep(Offset after, Replay replay) {
  DropSegment(after);
  loop_.channels().CountReplay(static_cast<int64_t>(replay.run.MemoryBytes()));
  segments_.emplace(after, std::move(replay));
  loop_.channels().NoteSegment(shared_from_this(), after);
}

void TopicChannel::DriveWaiting(Offset after) {
  const auto asked = asked_.extract(after);
  if (asked.empty()) return;
  for (const std::weak_ptr<SseStream>& weak : asked.mapped()) {
    const auto reader = weak.lock();
    if (reader != nullptr && reader->waiting()) reader->Drive();
  }
}

void TopicChannel::CountBehind(Backlog& backlog) const {
  for (const SseStream* reader : readers_) {
    if (reader != nullptr && reader->cursor() < tail_to_)
      backlog.Add(tail_to_ - reader->cursor());
  }
}

bool TopicChannel::Flush(int& budget) {
  while (unflushed_ > 0) {
    if (budget == 0) return false;
    --unflushed_;
    if (next_reader_ >= readers_.size()) next_reader_ = 0;
    const size_t at = next_reader_++;
    if (readers_[at] == nullptr) continue;
    --budget;
    readers_[at]->Drive();
    // The reader may have left.
    const SseStream* reader = readers_[at];
    if (reader != nullptr && reader->cursor() < tail_to_) lagging_ = true;
  }
  if (!lagging_) {
    tail_.clear();
    tail_.shrink_to_fit();
    tail_bytes_ = 0;
    tail_from_ = tail_to_;
  }
  lagging_ = false;
  return true;
}

}  // namespace sluice
