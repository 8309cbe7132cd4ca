#include "bridge/hub/hub.h"

#include <algorithm>
#include <utility>

namespace sluice {

const std::vector<TopicView*>& Hub::WatchersOf(const std::string& topic) const {
  static const auto* const kNobody = new std::vector<TopicView*>();
  const auto named = by_name_.find(topic);
  const std::vector<TopicView*>& by_name =
      named == by_name_.end() ? *kNobody : named->second;
  if (by_pattern_.empty()) return by_name;
  found_ = by_name;
  by_pattern_.Find(topic, found_);
  std::sort(found_.begin(), found_.end());
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  return found_;
}

void Hub::OnCommitted(absl::Span<const EntryRef> committed) {
  MutexLock lock(mutex_);
  published_ += committed.size();
  while (!committed.empty()) {
    size_t run = 1;
    while (run < committed.size() &&
           committed[run]->topic() == committed[0]->topic())
      ++run;
    for (TopicView* view : WatchersOf(committed[0]->topic())) {
      // Woken under the lock: an inbox may go once its last view has, which
      // takes the lock.
      if (view->Add(committed.subspan(0, run))) view->inbox_.Wake();
    }
    committed.remove_prefix(run);
  }
}

std::unique_ptr<TopicView> Hub::Watch(const Selector& selector,
                                      LoopInbox& inbox,
                                      std::function<void()> on_news,
                                      std::function<void()> ready) {
  std::unique_ptr<TopicView> view;
  uint64_t id;
  {
    MutexLock lock(mutex_);
    id = ++next_view_id_;
    view = std::make_unique<TopicView>(*this, selector, inbox,
                                       std::move(on_news), id);
    views_.emplace(id, view.get());
    for (const std::string& name : selector.names())
      by_name_[name].push_back(view.get());
    for (const std::string& pattern : selector.patterns())
      by_pattern_.Insert(pattern, view.get());
  }
  store_->Watch(selector,
                [this, id, ready = std::move(ready)](Offset visible_end) {
                  {
                    MutexLock lock(mutex_);
                    const auto it = views_.find(id);
                    if (it == views_.end()) return;
                    it->second->SetStart(visible_end);
                  }
                  ready();
                });
  return view;
}

uint64_t Hub::published() const {
  MutexLock lock(mutex_);
  return published_;
}

uint64_t Hub::Subscribers(const std::string& topic) const {
  MutexLock lock(mutex_);
  int64_t subscribers = 0;
  for (const TopicView* view : WatchersOf(topic))
    subscribers += view->subscribers_;
  return static_cast<uint64_t>(subscribers);
}

void Hub::Leave(const TopicView& view) {
  {
    MutexLock lock(mutex_);
    views_.erase(view.id_);
    for (const std::string& name : view.selector().names()) {
      const auto it = by_name_.find(name);
      auto& views = it->second;
      views.erase(std::find(views.begin(), views.end(), &view));
      if (views.empty()) by_name_.erase(it);
    }
    for (const std::string& pattern : view.selector().patterns())
      by_pattern_.Remove(pattern, &view);
  }
  store_->Unwatch(view.selector());
}

void Hub::CountSubscribers(TopicView& view, int change) {
  bool changed;
  {
    MutexLock lock(mutex_);
    const bool before = view.subscribers_ > 0;
    view.subscribers_ += change;
    changed = before != (view.subscribers_ > 0);
  }
  if (changed) producers_.NotifyInterest(view.selector());
}

}  // namespace sluice
