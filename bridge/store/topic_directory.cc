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
  std::string name = *log->name();
  topics_.emplace(std::move(name), std::move(log));
}

void TopicDirectory::Remove(const TopicLog& log) {
  by_name_.erase(*log.name());
  topics_.erase(topics_.find(*log.name()));
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
