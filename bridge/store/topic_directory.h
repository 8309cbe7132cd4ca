#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "bridge/store/topic_log.h"

namespace sluice {

// The topics of a memory store: by name, and by what patterns select; and the
// names that are watched.
//
// Thread safety: none; the store's lock guards it.
class TopicDirectory {
 public:
  TopicDirectory() = default;
  TopicDirectory(const TopicDirectory&) = delete;
  TopicDirectory& operator=(const TopicDirectory&) = delete;

  size_t size() const { return topics_.size(); }

  // Null if it is not there.
  TopicLog* Find(absl::string_view name) const;

  void Add(std::unique_ptr<TopicLog> log);
  void Remove(const TopicLog& log);

  // Watches are counted. True if it was the last.
  void Watch(const std::string& name);
  bool Unwatch(const std::string& name);
  bool IsWatched(absl::string_view name) const;

  // A part of the names of topics and of those that are watched: in order,
  // after `after`, all that begin with `prefix`, `limit` at the most. Null is a
  // topic that is not there.
  std::vector<std::pair<absl::string_view, const TopicLog*>> NamesAfter(
      absl::string_view after, absl::string_view prefix, size_t limit) const;

  // The topics that are selected, each once, in the order of their names. Looks
  // at all whose names begin as a pattern does before its first wildcard.
  std::vector<const TopicLog*> Select(const Selector& selector) const;

 private:
  // The keys live in the topics.
  absl::flat_hash_map<absl::string_view, std::unique_ptr<TopicLog>> topics_;
  absl::btree_map<absl::string_view, const TopicLog*> by_name_;
  absl::btree_map<std::string, int64_t> watched_;
};

}  // namespace sluice
