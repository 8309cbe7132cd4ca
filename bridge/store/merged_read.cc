#include "bridge/store/merged_read.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace sluice {
namespace {

// What an entry costs a segment beyond its payload: the framing around it,
// roughly.
constexpr size_t kFramingBytes = 48;

// One topic's part of a merged read: its entries, one after the other.
class Feed {
 public:
  Feed(const TopicLog& log, Offset after)
      : events_(log.EventsAfter(after)),
        end_(log.end() != nullptr && log.end()->offset() > after ? &log.end()
                                                                 : nullptr) {}

  bool done() const { return events_.empty() && end_ == nullptr; }
  const EntryRef& front() const {
    return events_.empty() ? *end_ : events_.front();
  }
  void Pop() {
    if (events_.empty()) {
      end_ = nullptr;
    } else {
      events_.remove_prefix(1);
    }
  }

 private:
  absl::Span<const EntryRef> events_;
  const EntryRef* end_;
};

// Several feeds as one, in the log's order.
class Merge {
 public:
  void Add(const Feed& feed) {
    if (!feed.done()) heap_.push(feed);
  }
  bool done() const { return heap_.empty(); }
  EntryRef Pop() {
    Feed feed = heap_.top();
    heap_.pop();
    EntryRef entry = feed.front();
    feed.Pop();
    Add(feed);
    return entry;
  }

 private:
  struct Later {
    bool operator()(const Feed& a, const Feed& b) const {
      return a.front()->offset() > b.front()->offset();
    }
  };
  std::priority_queue<Feed, std::vector<Feed>, Later> heap_;
};

bool IsNamed(const Selector& selector, const std::string& topic) {
  return std::binary_search(selector.names().begin(), selector.names().end(),
                            topic);
}

}  // namespace

Offset MergedRead::EndedAt(const Selector& selector) const {
  if (!selector.patterns().empty()) return 0;
  Offset ended_at = 0;
  for (const std::string& name : selector.names()) {
    const TopicLog* log = directory_.Find(name);
    if (log == nullptr || log->end() == nullptr) return 0;
    ended_at = std::max(ended_at, log->end()->offset());
  }
  return ended_at;
}

std::vector<Hole> MergedRead::Holes(const Selector& selector,
                                    const std::vector<const TopicLog*>& logs,
                                    Offset after) const {
  std::vector<Hole> holes;
  for (const TopicLog* log : logs) {
    if (log->lost().through() > after)
      holes.push_back({*log->name(), log->lost(), log->loss_number});
  }
  if (forgotten_.lost.gone_through > after) {
    std::vector<std::string> unknown = selector.patterns();
    for (const std::string& name : selector.names()) {
      if (directory_.Find(name) == nullptr) unknown.push_back(name);
    }
    for (std::string& name : unknown)
      holes.push_back({std::move(name), forgotten_.lost, forgotten_.number});
  }
  std::sort(holes.begin(), holes.end(), [](const Hole& a, const Hole& b) {
    return a.lost.through() < b.lost.through();
  });
  return holes;
}

Store::Overview MergedRead::Describe(const Selector& selector,
                                     uint64_t last) const {
  Store::Overview overview;
  overview.visible_end = visible_end_;
  overview.before_first = visible_end_;
  overview.before_last = visible_end_;
  overview.losses = losses_;
  overview.ended_at = EndedAt(selector);
  overview.all_there = true;
  for (const std::string& name : selector.names()) {
    const TopicLog* log = directory_.Find(name);
    if (log == nullptr) {
      overview.all_there = false;
    } else if (log->end() != nullptr) {
      overview.ends.push_back(log->end());
    }
  }
  std::sort(overview.ends.begin(), overview.ends.end(),
            [](const EntryRef& a, const EntryRef& b) {
              return a->offset() < b->offset();
            });

  // Names that are not there, and patterns, may have lost what is forgotten.
  if (!overview.all_there || !selector.patterns().empty())
    overview.lost_through = forgotten_.lost.through();

  std::vector<Offset> offsets;  // of the events, if the last of them are asked
  for (const TopicLog* log : directory_.Select(selector)) {
    overview.lost_through =
        std::max(overview.lost_through, log->lost().through());
    const absl::Span<const EntryRef> events = log->EventsAfter(0);
    if (events.empty()) continue;
    overview.before_first =
        std::min(overview.before_first, events.front()->offset() - 1);
    const size_t back =
        static_cast<size_t>(std::min<uint64_t>(last, events.size()));
    for (const EntryRef& entry : events.last(back))
      offsets.push_back(entry->offset());
  }
  if (!offsets.empty()) {
    const size_t back =
        static_cast<size_t>(std::min<uint64_t>(last, offsets.size()));
    const auto first = offsets.end() - static_cast<ptrdiff_t>(back);
    std::nth_element(offsets.begin(), first, offsets.end());
    overview.before_last = *first - 1;
  } else if (overview.ended_at != 0) {
    overview.before_last = overview.ended_at - 1;
  }
  return overview;
}

Store::Segment MergedRead::Read(const Selector& selector, Offset after,
                                size_t max_bytes) const {
  Store::Segment segment;
  std::vector<const TopicLog*> logs = directory_.Select(selector);
  logs.erase(std::remove_if(logs.begin(), logs.end(),
                            [&](const TopicLog* log) {
                              const bool unseen =
                                  after == 0 && log->IsTombstone(now_) &&
                                  !IsNamed(selector, *log->name());
                              return unseen || !log->HasAfter(after);
                            }),
             logs.end());
  Merge merge;
  for (const TopicLog* log : logs) merge.Add(Feed(*log, after));
  size_t bytes = 0;
  while (!merge.done() && (bytes == 0 || bytes < max_bytes)) {
    segment.entries.push_back(merge.Pop());
    bytes += segment.entries.back()->size_bytes() + kFramingBytes;
  }
  segment.at_end = merge.done();
  segment.reached = segment.at_end ? std::max(after, visible_end_)
                                   : segment.entries.back()->offset();
  segment.holes = Holes(selector, logs, after);
  segment.losses = losses_;
  segment.ended_at = EndedAt(selector);
  if (selector.names().size() == 1) {
    if (const TopicLog* log = directory_.Find(selector.names()[0]))
      segment.settings = log->settings();
  }
  return segment;
}

}  // namespace sluice
