#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bridge/hub/place.h"
#include "bridge/store/store.h"

namespace sluice {

// What a log of topics must be, written as plainly as can be: lists that are
// looked through from one end to the other, nothing shared, nothing timed but
// by being told what time it is. Beside it a store is run and compared.
class Model {
 public:
  struct Item {
    Offset offset = 0;
    absl::Time time;
    EventDraft event;
    absl::optional<End> end;
  };

  struct Topic {
    TopicSettings settings;
    std::deque<Item> events;  // those that are kept
    absl::optional<Item> end;
    Offset last = 0, last_event = 0;
    Lost lost;
    bool deleted = false;
    uint64_t holder = 0;
    absl::Time fails_at = absl::InfiniteFuture();
    absl::Time tombstone_at = absl::InfiniteFuture();
    absl::Time idle_since;

    bool Has(const std::string& id) const;
  };

  Model(TopicSettings defaults, absl::Duration tombstone_ttl,
        absl::Duration idle_topic_ttl)
      : defaults_(defaults),
        tombstone_ttl_(tombstone_ttl),
        idle_topic_ttl_(idle_topic_ttl) {}

  // What falls due by `now`: each call comes after it. Topics fail in the order
  // in which their ends are in `ends`, which the store chose.
  std::vector<std::string> Failing(absl::Time now) const;
  void Advance(absl::Time now, const std::vector<std::string>& ends);

  absl::Status Append(const Store::AppendRequest& request,
                      Store::Appended& appended);
  void Release(const std::string& name, Store::Lease lease,
               absl::Duration grace);
  absl::Status Create(const std::string& name, TopicSettings settings,
                      bool replace_ended);
  absl::Status Delete(const std::string& name);
  void Watch(const std::string& name) { ++watched_[name]; }
  void Unwatch(const std::string& name);

  // Null if it is not there.
  const Topic* Find(const std::string& name) const;
  Lost LostOf(const std::string& name) const;
  Offset visible_end() const { return visible_end_; }

  // What is there after `cursor`, the end included.
  std::vector<Item> After(const std::string& name, Offset cursor) const;

  // Where a reader begins. `cursor`: what `start.id` is, if it is a cursor of
  // this log.
  Place FindPlace(const std::string& name, const StartAt& start,
                  absl::optional<Offset> cursor, bool other_epoch) const;

  // All that was ever committed under the name, or the last of it.
  const std::deque<Item>& Committed(const std::string& name) {
    return committed_[name];
  }

 private:
  Topic& Make(const std::string& name, TopicSettings settings, Offset gone);
  void Commit(const std::string& name, Topic& topic, Item item);
  void EndTopic(const std::string& name, Topic& topic, End end);
  void Drop(Topic& topic);
  void Trim(Topic& topic);
  bool Forgettable(const std::string& name, const Topic& topic) const;

  const TopicSettings defaults_;
  const absl::Duration tombstone_ttl_;
  const absl::Duration idle_topic_ttl_;
  absl::Time now_;
  std::map<std::string, Topic> topics_;
  std::map<std::string, int> watched_;
  std::map<std::string, std::deque<Item>> committed_;
  Offset visible_end_ = 0;
  Offset forgotten_through_ = 0;
};

}  // namespace sluice
