#include "bridge/store/topic_directory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"

namespace sluice {

TopicLog* TopicDirectory::Find(absl::string_view name) const {
  const auto it = topics_.find(name);
  return it == topics_.end() ? nullptr : it->second.get();
}

void TopicDirectory::Add(std::unique_ptr<TopicLog> log) {
  by_name_.emplace(*log->name(), log.get());
  const absl::string_view name = *log->name();
  topics_.emplace(name, std::move(log));
}

void TopicDirectory::Remove(const TopicLog& log) {
  by_name_.erase(*log.name());
  topics_.erase(topics_.find(*log.name()));
}

void TopicDirectory::Watch(const std::string& name) { ++watched_[name]; }

bool TopicDirectory::Unwatch(const std::string& name) {
  const auto it = watched_.find(name);
  if (--it->second > 0) return false;
  watched_.erase(it);
  return true;
}

bool TopicDirectory::IsWatched(absl::string_view name) const {
  return watched_.contains(name);
}

std::vector<std::pair<absl::string_view, const TopicLog*>>
TopicDirectory::NamesAfter(absl::string_view after, absl::string_view prefix,
                           size_t limit) const {
  std::vector<std::pair<absl::string_view, const TopicLog*>> names;
  const bool within = after >= prefix;
  auto topic =
      within ? by_name_.upper_bound(after) : by_name_.lower_bound(prefix);
  auto watched =
      within ? watched_.upper_bound(after) : watched_.lower_bound(prefix);
  while (names.size() < limit) {
    const bool topics_left = topic != by_name_.end();
    if (!topics_left && watched == watched_.end()) break;
    const bool is_topic = topics_left && (watched == watched_.end() ||
                                          topic->first <= watched->first);
    const absl::string_view name =
        is_topic ? topic->first : absl::string_view(watched->first);
    if (!absl::StartsWith(name, prefix)) break;
    names.emplace_back(name, is_topic ? topic->second : nullptr);
    if (watched != watched_.end() && watched->first == name) ++watched;
    if (is_topic) ++topic;
  }
  return names;
}

std::vector<const TopicLog*> TopicDirectory::Select(
    const Selector& selector) const {
  std::vector<const TopicLog*> selected;
  for (const std::string& name : selector.names()) {
    if (const TopicLog* log = Find(name)) selected.push_back(log);
  }
  if (selector.patterns().empty()) return selected;
  for (const std::string& pattern : selector.patterns()) {
    const absl::string_view prefix =
        absl::string_view(pattern).substr(0, pattern.find_first_of("*>"));
    for (auto it = by_name_.lower_bound(prefix);
         it != by_name_.end() && absl::StartsWith(it->first, prefix); ++it) {
      if (Matches(pattern, it->first)) selected.push_back(it->second);
    }
  }
  const auto by_name = [](const TopicLog* a, const TopicLog* b) {
    return *a->name() < *b->name();
  };
  std::sort(selected.begin(), selected.end(), by_name);
  selected.erase(std::unique(selected.begin(), selected.end()), selected.end());
  return selected;
}

}  // namespace sluice
