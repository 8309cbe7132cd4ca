#include "bridge/http/topic_channel.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
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

size_t EncodedRun::BeginAfter(Offset cursor) const {
  const auto mark = std::upper_bound(
      marks.begin(), marks.end(), cursor,
      [](Offset offset, const Mark& m) { return offset < m.offset; });
  return mark == marks.end() ? bytes->size() : mark->begin;
}

TopicChannel::TopicChannel(HttpLoop& loop, std::string topic, bool chunked)
    : loop_(loop), topic_(std::move(topic)), chunked_(chunked) {}

TopicChannel::~TopicChannel() {
  while (!segments_.empty()) DropSegment(segments_.begin()->first);
  loop_.channels().Remove(topic_, chunked_);
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

void TopicChannel::AppendFramed(std::string frame, std::string& bytes) const {
  bytes += chunked_ ? Chunk(frame) : frame;
}

void TopicChannel::Append(const Entry& entry, std::string& bytes,
                          EncodedRun& run) const {
  run.marks.push_back({entry.offset(), bytes.size()});
  run.reached = entry.offset();
  if (!entry.is_end()) {
    AppendFramed(EntryFrame(entry, loop_.epoch()), bytes);
    return;
  }
  run.ended = true;
  if (!entry.silent_end()) {
    AppendFramed(EndFrame(entry, loop_.epoch(), loop_.options().error_event),
                 bytes);
  }
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
  for (size_t next = 0; next < news.entries.size();) {
    EncodedRun run;
    std::string bytes;
    while (next < news.entries.size() && bytes.size() < kRunBytes) {
      Append(*news.entries[next++], bytes, run);
    }
    tail_bytes_ += bytes.size();
    run.bytes = std::make_shared<const std::string>(std::move(bytes));
    tail_.push_back(std::move(run));
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
  while (!sink.full()) {
    if (cursor >= tail_from_) return FillFromTail(cursor, sink);
    const EncodedRun* segment = FindSegment(cursor);
    if (segment == nullptr) {
      AskFor(cursor, reader);
      segment = FindSegment(cursor);
      if (segment == nullptr) return Filled::kWaiting;
    }
    sink.WriteEncoded(segment->bytes, 0);
    cursor = segment->reached;
    if (segment->ended) return Filled::kEnded;
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
    sink.WriteEncoded(run.bytes, run.BeginAfter(cursor));
    cursor = run.reached;
    if (run.ended) return Filled::kEnded;
  }
  return Filled::kAll;
}

const EncodedRun* TopicChannel::FindSegment(Offset after) {
  const auto it = segments_.find(after);
  if (it == segments_.end()) return nullptr;
  // One that was cut short by the log's end serves until there is more: else
  // those who come later would go through many small ones.
  const EncodedRun& run = it->second;
  if (!run.at_log_end || run.reached >= tail_to_) return &run;
  DropSegment(after);
  return nullptr;
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
  loop_.hub().store().Read(
      topic_, after, kRunBytes,
      [&loop = loop_, weak = weak_from_this(), after](Store::Segment segment) {
        auto boxed = std::make_shared<Store::Segment>(std::move(segment));
        loop.RunInLoop([weak, after, boxed] {
          if (const auto channel = weak.lock()) {
            channel->OnSegment(after, *boxed);
          }
        });
      });
}

void TopicChannel::OnSegment(Offset after, const Store::Segment& segment) {
  EncodedRun run;
  std::string bytes;
  if (segment.trimmed_through > after) {
    const Gap gap{Cursor{loop_.epoch(), after}.ToString(),
                  segment.trimmed_through, GapReason::kTrimmed};
    AppendFramed(GapFrame(gap, topic_, loop_.epoch()), bytes);
  }
  for (const EntryRef& entry : segment.entries) Append(*entry, bytes, run);
  run.marks.clear();
  run.reached = segment.reached;
  run.at_log_end = segment.at_end;
  run.bytes = std::make_shared<const std::string>(std::move(bytes));
  DropSegment(after);
  loop_.channels().CountReplay(static_cast<int64_t>(run.bytes->size()));
  segments_.emplace(after, std::move(run));
  loop_.channels().NoteSegment(shared_from_this(), after);

  const auto asked = asked_.extract(after);
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
