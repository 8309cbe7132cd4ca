#include "tests/model/model.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kRemembered = 3000;

const Model::Item* FindEvent(const Model::Topic& topic, const std::string& id) {
  const Model::Item* found = nullptr;
  for (const Model::Item& item : topic.events) {
    if (!id.empty() && item.event.id == id) found = &item;
  }
  return found;
}

uint64_t Bytes(const Model::Topic& topic) {
  uint64_t bytes = 0;
  for (const Model::Item& item : topic.events) bytes += item.event.size_bytes();
  return bytes;
}

}  // namespace

bool Model::Topic::Has(const std::string& id) const {
  return FindEvent(*this, id) != nullptr;
}

const Model::Topic* Model::Find(const std::string& name) const {
  const auto it = topics_.find(name);
  return it == topics_.end() ? nullptr : &it->second;
}

Lost Model::LostOf(const std::string& name) const {
  const Topic* topic = Find(name);
  return topic != nullptr ? topic->lost : Lost{0, forgotten_through_};
}

Model::Topic& Model::Make(const std::string& name, TopicSettings settings,
                          Offset gone) {
  Topic& topic = topics_[name] = Topic();
  topic.settings = settings;
  topic.lost.gone_through = gone;
  topic.idle_since = now_;
  return topic;
}

void Model::Commit(const std::string& name, Topic& topic, Item item) {
  item.offset = ++visible_end_;
  item.time = now_;
  topic.last = item.offset;
  std::deque<Item>& all = committed_[name];
  all.push_back(item);
  if (all.size() > kRemembered) all.pop_front();
  if (item.end) {
    topic.end = std::move(item);
  } else {
    topic.last_event = item.offset;
    topic.events.push_back(std::move(item));
  }
}

void Model::EndTopic(const std::string& name, Topic& topic, End end) {
  Commit(name, topic, {0, now_, {}, std::move(end)});
  topic.fails_at = absl::InfiniteFuture();
  if (topic.events.empty())
    topic.tombstone_at = now_ + topic.settings.retention_age;
}

void Model::Drop(Topic& topic) {
  topic.lost.trimmed_through = topic.events.front().offset;
  topic.events.pop_front();
  if (!topic.events.empty()) return;
  topic.idle_since = now_;
  if (topic.end) topic.tombstone_at = now_;
}

void Model::Trim(Topic& topic) {
  const TopicSettings& keep = topic.settings;
  while (!topic.events.empty() &&
         (topic.events.size() > keep.retention_events ||
          Bytes(topic) > keep.retention_bytes ||
          topic.events.front().time + keep.retention_age <= now_))
    Drop(topic);
}

bool Model::Forgettable(const std::string& name, const Topic& topic) const {
  if (!topic.events.empty()) return false;
  if (topic.end) return topic.tombstone_at + tombstone_ttl_ <= now_;
  return topic.holder == 0 && topic.fails_at == absl::InfiniteFuture() &&
         watched_.count(name) == 0 &&
         topic.idle_since + idle_topic_ttl_ <= now_;
}

std::vector<std::string> Model::Failing(absl::Time now) const {
  std::vector<std::string> failing;
  for (const auto& [name, topic] : topics_) {
    if (topic.fails_at <= now) failing.push_back(name);
  }
  return failing;
}

void Model::Advance(absl::Time now, const std::vector<std::string>& ends) {
  now_ = now;
  for (const std::string& name : ends)
    EndTopic(name, topics_[name], End{Failure{10, "producer lost"}});
  for (auto it = topics_.begin(); it != topics_.end();) {
    Trim(it->second);
    if (Forgettable(it->first, it->second)) {
      forgotten_through_ = std::max(forgotten_through_, it->second.last);
      it = topics_.erase(it);
    } else {
      ++it;
    }
  }
}

absl::Status Model::Append(const Store::AppendRequest& request,
                           Store::Appended& appended) {
  const std::string& name = request.topic;
  const Topic* there = Find(name);
  if (!request.make_topic &&
      (there == nullptr ? watched_.count(name) == 0 : there->deleted))
    return absl::NotFoundError("");
  const TopicSettings& settings =
      there == nullptr ? defaults_ : there->settings;
  if (there != nullptr && there->end) {
    for (const EventDraft& event : request.events) {
      if (!there->Has(event.id)) return absl::FailedPreconditionError("");
    }
    if (request.end && !(*request.end == *there->end->end))
      return absl::FailedPreconditionError("");
  }
  for (const EventDraft& event : request.events) {
    const bool is_new = there == nullptr || !there->Has(event.id);
    if (is_new && event.size_bytes() > settings.retention_bytes)
      return absl::ResourceExhaustedError("");
  }
  const bool holds = request.lease && request.lease->fail_on_abort;
  if (there == nullptr && request.events.empty() && !request.end && !holds)
    return absl::OkStatus();

  Topic& topic = there == nullptr ? Make(name, defaults_, forgotten_through_)
                                  : topics_[name];
  if (request.lease) topic.holder = request.lease->holder;
  topic.fails_at = absl::InfiniteFuture();
  topic.idle_since = now_;
  for (const EventDraft& event : request.events) {
    if (const Item* first = FindEvent(topic, event.id)) {
      ++appended.duplicates;
      appended.last = first->offset;
    } else {
      Commit(name, topic, {0, now_, event, {}});
      ++appended.accepted;
      appended.last = topic.last;
    }
  }
  if (request.end) {
    if (!topic.end) EndTopic(name, topic, *request.end);
    appended.last = topic.end->offset;
  }
  Trim(topic);
  return absl::OkStatus();
}

void Model::Release(const std::string& name, Store::Lease lease,
                    absl::Duration grace) {
  const auto it = topics_.find(name);
  if (it == topics_.end()) return;
  Topic& topic = it->second;
  topic.idle_since = now_;
  if (topic.holder != 0 && topic.holder != lease.holder) return;
  topic.holder = 0;
  if (lease.fail_on_abort && !topic.end)
    topic.fails_at = std::min(topic.fails_at, now_ + grace);
}

absl::Status Model::Create(const std::string& name, TopicSettings settings,
                           bool replace_ended) {
  Offset gone = forgotten_through_;
  if (const Topic* topic = Find(name)) {
    const bool tombstone = topic->tombstone_at <= now_;
    if (!topic->end || !(replace_ended || tombstone))
      return absl::AlreadyExistsError("");
    gone = topic->last;
  }
  Make(name, settings, gone);
  return absl::OkStatus();
}

absl::Status Model::Delete(const std::string& name) {
  const Topic* there = Find(name);
  if (there == nullptr ? watched_.count(name) == 0 : there->deleted)
    return absl::NotFoundError("");
  Topic& topic = there == nullptr ? Make(name, defaults_, forgotten_through_)
                                  : topics_[name];
  if (!topic.end)
    EndTopic(name, topic, End{Failure{5, "the topic was deleted"}});
  while (!topic.events.empty()) Drop(topic);
  topic.deleted = true;
  topic.lost.gone_through = topic.last_event;
  topic.tombstone_at = std::min(topic.tombstone_at, now_);
  return absl::OkStatus();
}

void Model::Unwatch(const std::string& name) {
  if (--watched_[name] > 0) return;
  watched_.erase(name);
  const auto it = topics_.find(name);
  if (it != topics_.end()) it->second.idle_since = now_;
}

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
    const Item* event = FindEvent(known, start.id);
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

}  // namespace sluice
