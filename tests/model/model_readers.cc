// What a model's readers are shown.
#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "tests/model/model.h"

namespace sluice {
namespace {

// NATS's rules, token by token.
bool Fits(const std::string& pattern, const std::string& name) {
  const std::vector<absl::string_view> wanted = absl::StrSplit(pattern, '.');
  const std::vector<absl::string_view> tokens = absl::StrSplit(name, '.');
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (i >= tokens.size()) return false;
    if (wanted[i] == ">") return true;
    if (wanted[i] != "*" && wanted[i] != tokens[i]) return false;
  }
  return wanted.size() == tokens.size();
}

bool Names(const Selector& selector, const std::string& name) {
  const auto& names = selector.names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Fits(const Selector& selector, const std::string& name) {
  for (const std::string& pattern : selector.patterns()) {
    if (Fits(pattern, name)) return true;
  }
  return Names(selector, name);
}

void SortByOffset(std::vector<Model::Item>& items) {
  std::sort(items.begin(), items.end(),
            [](const Model::Item& a, const Model::Item& b) {
              return a.offset < b.offset;
            });
}

}  // namespace

std::vector<Model::Item> Model::After(const std::string& name,
                                      Offset cursor) const {
  std::vector<Item> items;
  const Topic* topic = Find(name);
  if (topic == nullptr) return items;
  for (const Item& item : topic->events) {
    if (item.offset > cursor) items.push_back(item);
  }
  if (topic->end && topic->end->offset > cursor) items.push_back(*topic->end);
  return items;
}

Place Model::FindPlace(const std::string& name, const StartAt& start,
                       absl::optional<Offset> cursor, bool other_epoch) const {
  static const Topic kNothing;
  const Topic* topic = Find(name);
  const bool ended = topic != nullptr && topic->end;
  const Topic& known = topic == nullptr ? kNothing : *topic;
  const Lost lost = LostOf(name);
  const Offset latest = ended ? known.end->offset - 1 : visible_end_;
  Place place;
  place.after = lost.through();
  absl::optional<GapReason> reason;
  if (!start.id.empty()) {
    const Item* event = known.FindEvent(start.id);
    if (event != nullptr) {
      place.after = event->offset;
    } else if (other_epoch) {
      reason = GapReason::kEpochChanged;
    } else if (!cursor || *cursor > visible_end_) {
      reason = GapReason::kUnknownId;
    } else if (*cursor < lost.gone_through) {
      reason = GapReason::kGone;
    } else if (*cursor < lost.trimmed_through) {
      reason = GapReason::kTrimmed;
    } else {
      place.after = *cursor;
    }
  } else if (start.last && *start.last > 0) {
    place.after = latest;
    const size_t count = std::min<size_t>(*start.last, known.events.size());
    if (count > 0)
      place.after = known.events[known.events.size() - count].offset - 1;
  } else if (start.last ||
             start.start.value_or(topic == nullptr
                                      ? defaults_.default_start
                                      : known.settings.default_start) ==
                 TopicSettings::Start::kLatest) {
    place.after = latest;
    place.tell_position = !ended;
  }
  if (reason) place.gap = Gap{start.id, place.after, *reason};
  if (ended && !reason) {
    const bool silent = known.settings.omit_done_marker;
    place.nothing_left =
        place.after >= (silent ? known.last_event : known.end->offset);
  }
  return place;
}

std::vector<Model::Item> Model::CommittedAfter(const Selector& selector,
                                               Offset cursor) const {
  std::vector<Item> items;
  for (const auto& [name, all] : committed_) {
    if (!Fits(selector, name)) continue;
    for (auto it = all.rbegin(); it != all.rend() && it->offset > cursor; ++it)
      items.push_back(*it);
  }
  SortByOffset(items);
  return items;
}

const Model::Item* Model::AnyCommitted(const std::string& name,
                                       size_t chance) const {
  const auto it = committed_.find(name);
  if (it == committed_.end()) return nullptr;
  return &it->second[chance % it->second.size()];
}

// A pattern has a tombstone only for those who may have read the topic.
bool Model::Selectable(const Selector& selector, Offset after,
                       const std::string& name, const Topic& topic) const {
  if (Names(selector, name)) return true;
  const bool tombstone = topic.tombstone_at <= now_;
  return Fits(selector, name) && (after > 0 || !tombstone);
}

std::vector<Model::Item> Model::ReadAll(const Selector& selector,
                                        Offset after) const {
  std::vector<Item> items;
  for (const auto& [name, topic] : topics_) {
    if (!Selectable(selector, after, name, topic)) continue;
    for (Item& item : After(name, after)) items.push_back(std::move(item));
  }
  SortByOffset(items);
  return items;
}

std::vector<Model::Hole> Model::Holes(const Selector& selector,
                                      Offset after) const {
  std::vector<Hole> holes;
  for (const auto& [name, topic] : topics_) {
    if (Selectable(selector, after, name, topic) &&
        topic.lost.through() > after)
      holes.push_back({name, topic.lost, topic.lost_in});
  }
  if (forgotten_through_ <= after) return holes;
  // Whatever was forgotten, a pattern may have fitted it.
  std::vector<std::string> unknown = selector.patterns();
  for (const std::string& name : selector.names()) {
    if (Find(name) == nullptr) unknown.push_back(name);
  }
  for (const std::string& name : unknown)
    holes.push_back({name, {0, forgotten_through_}, forgotten_in_});
  return holes;
}

Model::Overview Model::DescribeAll(const Selector& selector,
                                   uint64_t last) const {
  Overview overview;
  for (const std::string& name : selector.names()) {
    const Topic* topic = Find(name);
    if (topic == nullptr) {
      overview.all_there = false;
    } else if (topic->end) {
      overview.ends.push_back(*topic->end);
    }
  }
  SortByOffset(overview.ends);
  if (selector.patterns().empty() &&
      overview.ends.size() == selector.names().size())
    overview.ended_at = overview.ends.back().offset;

  std::vector<Item> events;
  for (const auto& [name, topic] : topics_) {
    if (!Fits(selector, name)) continue;
    events.insert(events.end(), topic.events.begin(), topic.events.end());
    overview.lost_through =
        std::max(overview.lost_through, topic.lost.through());
  }
  if (!selector.patterns().empty() || !overview.all_there)
    overview.lost_through = std::max(overview.lost_through, forgotten_through_);
  SortByOffset(events);
  overview.before_first =
      events.empty() ? visible_end_ : events.front().offset - 1;
  const size_t count = std::min<size_t>(last, events.size());
  if (count > 0) {
    overview.before_last = events[events.size() - count].offset - 1;
  } else {
    overview.before_last =
        overview.ended_at != 0 ? overview.ended_at - 1 : visible_end_;
  }
  return overview;
}

Place Model::FindPlace(const Selector& selector, const StartAt& start,
                       const Overview& overview, absl::optional<Offset> cursor,
                       bool other_epoch) const {
  Place place;
  if (cursor && *cursor <= visible_end_) {
    place.after = *cursor;
    if (overview.lost_through > *cursor)
      place.ahead.through = overview.lost_through;
    place.nothing_left = overview.ended_at != 0 && *cursor >= overview.ended_at;
    return place;
  }
  const bool anew = !start.id.empty();
  if (anew) {
    place.after = overview.before_first;
  } else if (start.last && *start.last > 0) {
    place.after = overview.before_last;
  } else if (start.last || start.start == TopicSettings::Start::kLatest ||
             (!start.start && !selector.patterns().empty())) {
    place.after = visible_end_;
    place.tell_position = overview.ended_at == 0;
  } else {
    place.after = overview.before_first;
  }
  // Whoever comes has the last end before it, with which its stream closes.
  if (overview.ended_at != 0)
    place.after = std::min(place.after, overview.ended_at - 1);
  if (anew) {
    place.gap =
        Gap{start.id, place.after,
            other_epoch ? GapReason::kEpochChanged : GapReason::kUnknownId};
  }
  return place;
}

Model::Page Model::History(const std::string& name,
                           const HistoryRequest& request,
                           absl::optional<Offset> cursor,
                           bool other_epoch) const {
  const Place place = FindPlace(
      name, {request.after, TopicSettings::Start::kEarliest, request.last},
      cursor, other_epoch);
  const uint64_t limit = request.last.value_or(request.limit);
  Page page;
  page.gap = place.gap;
  for (const Item& item : After(name, place.after)) {
    if (item.end) break;
    if (page.events.size() == limit) {
      page.cursor = page.events.back().offset;
      return page;
    }
    page.events.push_back(item);
  }
  const Topic* topic = Find(name);
  if (topic != nullptr) page.end = topic->end;
  page.cursor = page.end ? page.end->offset : visible_end_;
  return page;
}

std::vector<std::string> Model::List(const std::string& pattern,
                                     const std::string& after) const {
  std::vector<std::string> names;
  for (const auto& [name, topic] : topics_) {
    const bool hidden =
        name == pattern ? topic.deleted : topic.tombstone_at <= now_;
    if (!hidden) names.push_back(name);
  }
  for (const auto& [name, count] : watched_) {
    if (Find(name) == nullptr) names.push_back(name);
  }
  const auto unwanted = [&](const std::string& name) {
    return name <= after || !Fits(pattern, name);
  };
  names.erase(std::remove_if(names.begin(), names.end(), unwanted),
              names.end());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sluice
