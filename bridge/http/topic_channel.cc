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

TopicChannel::TopicChannel(HttpLoop& loop, std::string topic, bool chunked)
    : loop_(loop),
      topic_(std::move(topic)),
      format_{loop.epoch(), loop.options().error_event, chunked} {}

TopicChannel::~TopicChannel() {
  while (!segments_.empty()) DropSegment(segments_.begin()->first);
  loop_.channels().Remove(topic_, format_.chunked);
}

void TopicChannel::Start() {
  view_ = loop_.hub().Watch(
      topic_, loop_.inbox(), [this] { TakeNews(); },
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
  view_->CountSubscribers(1);
}

void TopicChannel::Leave(SseStream& reader) {
  *std::find(readers_.begin(), readers_.end(), &reader) = nullptr;
  --reader_count_;
  view_->CountSubscribers(-1);
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
  for (absl::Span<const EntryRef> entries = news.entries; !entries.empty();) {
    tail_.push_back(format_.Encode(entries, kRunBytes));
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
    if (cursor >= tail_from_) return FillFromTail(cursor, sink);
    size_t begin = 0;
    if (const EncodedRun* segment = FindSegment(cursor, begin)) {
      sink.WriteEncoded(segment->bytes, begin);
      cursor = segment->reached;
      if (segment->ended) return Filled::kEnded;
    } else if (const auto gap = GapAfter(cursor, lost_, format_.epoch)) {
      if (settings_.slow_reader == TopicSettings::SlowReader::kDisconnect)
        return Filled::kLost;
      const std::string frame = GapFrame(*gap, topic_, format_.epoch);
      sink.write(frame.data(), frame.size());
      cursor = gap->resumed;
    } else if (asked) {
      return Filled::kWaiting;
    } else {
      AskFor(cursor, reader);
      asked = true;
      continue;
    }
    asked = false;
  }
  return Filled::kSome;
}

TopicChannel::Filled TopicChannel::FillFromTail(Offset& cursor,
                                                GatherSink& sink) {
  size_t next = tail_.size();
  while (next > 0 && tail_[next - 1].reached > cursor) --next;
  for (; next < tail_.size(); ++next) {
    if (sink.full()) return Filled::kSome;
    const EncodedRun& run = tail_[next];
    sink.WriteEncoded(run.bytes, *run.BeginAfter(cursor));
    cursor = run.reached;
    if (run.ended) return Filled::kEnded;
  }
  return Filled::kAll;
}

const EncodedRun* TopicChannel::FindSegment(Offset cursor, size_t& begin) {
  auto it = segments_.upper_bound(cursor);
  if (it == segments_.begin()) return nullptr;
  const EncodedRun& run = (--it)->second;
  if (run.reached <= cursor) return nullptr;
  // One that was cut short by the log's end serves until there is more: else
  // those who come later would go through many small ones.
  if (run.at_log_end && run.reached < tail_to_) {
    DropSegment(it->first);
    return nullptr;
  }
  const absl::optional<size_t> found = run.BeginAfter(cursor);
  if (!found) return nullptr;
  begin = *found;
  return &run;
}

void TopicChannel::DropSegment(Offset after) {
  const auto it = segments_.find(after);
  if (it == segments_.end()) return;
  loop_.channels().CountReplay(-static_cast<int64_t>(it->second.bytes->size()));
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
    if (channel->FindSegment(after, begin) != nullptr) {
      channel->DriveWaiting(after);
      return false;
    }
    channel->Read(after);
    return true;
  });
}

void TopicChannel::Read(Offset after) {
  loop_.hub().store().Read(
      topic_, after, kRunBytes,
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
  lost_ = segment.lost;
  settings_ = segment.settings;
  const Offset from = std::max(after, segment.lost.through());
  if (from < segment.reached) {
    RunFormat format = format_;
    format.coalesce = settings_.coalesce;
    // It ends where one that is there begins.
    const auto next = segments_.upper_bound(from);
    const Offset to = next == segments_.end()
                          ? segment.reached
                          : std::min(segment.reached, next->first);
    absl::Span<const EntryRef> entries = segment.entries;
    while (!entries.empty() && entries.back()->offset() > to)
      entries.remove_suffix(1);
    EncodedRun run = format.Encode(entries, ~size_t{0});
    run.reached = to;
    run.at_log_end = segment.at_end && to == segment.reached;
    Keep(from, std::move(run));
  }
  DriveWaiting(after);
}

void TopicChannel::Keep(Offset after, EncodedRun run) {
  DropSegment(after);
  loop_.channels().CountReplay(static_cast<int64_t>(run.bytes->size()));
  segments_.emplace(after, std::move(run));
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
