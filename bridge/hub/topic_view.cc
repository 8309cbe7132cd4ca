#include "bridge/hub/topic_view.h"

#include <algorithm>

#include "bridge/hub/hub.h"

namespace sluice {

void LoopInbox::RunMarked() {
  std::vector<TopicView*> marked;
  {
    MutexLock lock(mutex_);
    marked.swap(marked_);
  }
  for (TopicView* view : marked) view->on_news_();
}

TopicView::TopicView(Hub& hub, Selector selector, LoopInbox& inbox,
                     std::function<void()> on_news, uint64_t id)
    : hub_(hub),
      selector_(std::move(selector)),
      inbox_(inbox),
      on_news_(std::move(on_news)),
      id_(id) {}

TopicView::~TopicView() {
  hub_.Leave(*this);
  MutexLock lock(inbox_.mutex_);
  if (marked_) {
    auto& marked = inbox_.marked_;
    marked.erase(std::remove(marked.begin(), marked.end(), this), marked.end());
  }
}

TopicView::Tail TopicView::Take() {
  MutexLock lock(inbox_.mutex_);
  Tail tail = std::move(waiting_);
  waiting_ = Tail{tail.to, tail.to, {}};
  waiting_bytes_ = 0;
  marked_ = false;
  return tail;
}

void TopicView::CountSubscribers(int change) {
  hub_.CountSubscribers(*this, change);
}

bool TopicView::Add(absl::Span<const EntryRef> entries) {
  MutexLock lock(inbox_.mutex_);
  for (const EntryRef& entry : entries) {
    if (entry->offset() <= waiting_.to) continue;
    waiting_.to = entry->offset();
    waiting_bytes_ += entry->size_bytes();
    waiting_.entries.push_back(entry);
  }
  if (waiting_bytes_ > kMaxWaitingBytes ||
      waiting_.entries.size() > kMaxWaitingEntries) {
    // The store has them all: readers that need them are served from there.
    waiting_.from = waiting_.to;
    waiting_.entries.clear();
    waiting_bytes_ = 0;
  }
  if (marked_) return false;
  marked_ = true;
  const bool wake = inbox_.marked_.empty();
  inbox_.marked_.push_back(this);
  return wake;
}

void TopicView::SetStart(Offset visible_end) {
  MutexLock lock(inbox_.mutex_);
  auto& entries = waiting_.entries;
  entries.erase(entries.begin(),
                std::find_if(entries.begin(), entries.end(),
                             [visible_end](const EntryRef& entry) {
                               return entry->offset() > visible_end;
                             }));
  waiting_.from = std::max(waiting_.from, visible_end);
  waiting_.to = std::max(waiting_.to, visible_end);
}

}  // namespace sluice
