#include "bridge/hub/hub.h"

#include <algorithm>
#include <utility>

namespace sluice {

void Hub::OnCommitted(absl::Span<const EntryRef> committed) {
  MutexLock lock(mutex_);
  while (!committed.empty()) {
    size_t run = 1;
    while (run < committed.size() &&
           committed[run]->topic() == committed[0]->topic())
      ++run;
    if (auto it = watched_.find(committed[0]->topic()); it != watched_.end()) {
      for (TopicView* view : it->second.views) {
        // Woken under the lock: an inbox may go once its last view has, which
        // takes the lock.
        if (view->Add(committed.subspan(0, run))) view->inbox_.Wake();
      }
    }
    committed.remove_prefix(run);
  }
}

std::unique_ptr<TopicView> Hub::Watch(const std::string& topic,
                                      LoopInbox& inbox,
                                      std::function<void()> on_news,
                                      std::function<void()> ready) {
  std::unique_ptr<TopicView> view;
  uint64_t id;
  {
    MutexLock lock(mutex_);
    id = ++next_view_id_;
    view = std::make_unique<TopicView>(*this, topic, inbox, std::move(on_news),
                                       id);
    watched_[topic].views.push_back(view.get());
  }
  store_->Watch(
      topic, [this, topic, id, ready = std::move(ready)](Offset visible_end) {
        {
          MutexLock lock(mutex_);
          auto it = watched_.find(topic);
          if (it == watched_.end()) return;
          const auto& views = it->second.views;
          const auto view =
              std::find_if(views.begin(), views.end(),
                           [id](const TopicView* v) { return v->id_ == id; });
          if (view == views.end()) return;
          (*view)->SetStart(visible_end);
        }
        ready();
      });
  return view;
}

uint64_t Hub::Subscribers(const std::string& topic) const {
  MutexLock lock(mutex_);
  auto it = watched_.find(topic);
  return it == watched_.end() ? 0
                              : static_cast<uint64_t>(it->second.subscribers);
}

void Hub::Leave(const TopicView& view) {
  {
    MutexLock lock(mutex_);
    auto it = watched_.find(view.topic());
    auto& views = it->second.views;
    views.erase(std::remove(views.begin(), views.end(), &view), views.end());
    if (views.empty()) watched_.erase(it);
  }
  store_->Unwatch(view.topic());
}

void Hub::CountSubscribers(const std::string& topic, int change) {
  MutexLock lock(mutex_);
  watched_[topic].subscribers += change;
}

}  // namespace sluice
