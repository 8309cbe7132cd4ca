#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bridge/hub/history.h"
#include "bridge/hub/place.h"
#include "bridge/store/store.h"

namespace sluice {

// What a log of topics must be, written as plainly as can be: lists that are
// looked through from one end to the other, nothing shared, nothing timed but
// by being told what time it is. Beside it a store is run and compared.
class Model {
 public:
  struct Item {
    std::string topic;
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
    Offset counted_lost = 0;
    int64_t lost_in = 0;  // the step in which it lost something last
    uint64_t holder = 0;
    absl::Time fails_at = absl::InfiniteFuture();
    absl::Time tombstone_at = absl::InfiniteFuture();
    absl::Time idle_since;

    // The latest that is kept with that id; null if there is none.
    const Item* FindEvent(const std::string& id) const;
  };

  // What several topics are together; see Store::Overview.
  struct Overview {
    Offset before_first = 0, before_last = 0, lost_through = 0, ended_at = 0;
    std::vector<Item> ends;
    bool all_there = true;
  };

  struct Hole {
    std::string topic;  // or a pattern
    Lost lost;
    int64_t lost_in = 0;
  };

  // See HistoryPage.
  struct Page {
    std::vector<Item> events;
    Offset cursor = 0;
    absl::optional<Item> end;
    absl::optional<Gap> gap;
  };

  Model(TopicSettings defaults, absl::Duration tombstone_ttl,
        absl::Duration idle_topic_ttl)
      : defaults_(defaults),
        tombstone_ttl_(tombstone_ttl),
        idle_topic_ttl_(idle_topic_ttl) {}

  // What is lost from now on is lost in this step.
  void BeginStep() { ++step_; }
  // Whether anything was lost in this step.
  bool LostSomething() const { return last_loss_in_ == step_; }

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

  // What is there of a topic after `cursor`, the end included.
  std::vector<Item> After(const std::string& name, Offset cursor) const;

  // All that was committed under the names that are selected after `cursor`,
  // as far back as is remembered.
  std::vector<Item> CommittedAfter(const Selector& selector,
                                   Offset cursor) const;
  // One of them; null if there is none.
  const Item* AnyCommitted(const std::string& name, size_t chance) const;

  // Where a reader begins. `cursor`: what `start.id` is, if it is a cursor of
  // this log.
  Place FindPlace(const std::string& name, const StartAt& start,
                  absl::optional<Offset> cursor, bool other_epoch) const;
  // Its losses are not the store's numbers, but left at 0, and its ends are
  // those of `overview`.
  Place FindPlace(const Selector& selector, const StartAt& start,
                  const Overview& overview, absl::optional<Offset> cursor,
                  bool other_epoch) const;

  Overview DescribeAll(const Selector& selector, uint64_t last) const;

  // What a reader of several that has come to `after` may be shown, or be told
  // that it is gone.
  std::vector<Item> ReadAll(const Selector& selector, Offset after) const;
  std::vector<Hole> Holes(const Selector& selector, Offset after) const;

  Page History(const std::string& name, const HistoryRequest& request,
               absl::optional<Offset> cursor, bool other_epoch) const;

  // The names of the topics that a listing of `pattern` has after `after`.
  std::vector<std::string> List(const std::string& pattern,
                                const std::string& after) const;

 private:
  Topic& Make(const std::string& name, TopicSettings settings, Offset gone);
  void Commit(const std::string& name, Topic& topic, Item item);
  void EndTopic(const std::string& name, Topic& topic, End end);
  void Drop(Topic& topic);
  void Trim(Topic& topic);
  void CountLosses();
  bool Selectable(const Selector& selector, Offset after,
                  const std::string& name, const Topic& topic) const;
  bool Forgettable(const std::string& name, const Topic& topic) const;

  const TopicSettings defaults_;
  const absl::Duration tombstone_ttl_;
  const absl::Duration idle_topic_ttl_;
  absl::Time now_;
  int64_t step_ = 0;
  int64_t last_loss_in_ = -1;
  std::map<std::string, Topic> topics_;
  std::map<std::string, int> watched_;
  std::map<std::string, std::deque<Item>> committed_;
  Offset visible_end_ = 0;
  Offset forgotten_through_ = 0;
  int64_t forgotten_in_ = 0;  // the step in which a topic was forgotten last
};

}  // namespace sluice
