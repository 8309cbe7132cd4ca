#include "tests/model/model.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

constexpr size_t kRemembered = 3000;

uint64_t Bytes(const Model::Topic& topic) {
  uint64_t bytes = 0;
  for (const Model::Item& item : topic.events) bytes += item.event.size_bytes();
  return bytes;
}

}  // namespace

const Model::Item* Model::Topic::FindEvent(const std::string& id) const {
  const Item* found = nullptr;
  for (const Item& item : events) {
    if (!id.empty() && item.event.id == id) found = &item;
  }
  return found;
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
  item.topic = name;
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
  Commit(name, topic, {name, 0, now_, {}, std::move(end)});
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
      forgotten_through_ = std::max(
          {forgotten_through_, it->second.last, it->second.lost.through()});
      forgotten_in_ = last_loss_in_ = step_;
      it = topics_.erase(it);
    } else {
      ++it;
    }
  }
  CountLosses();
}

void Model::CountLosses() {
  for (auto& [name, topic] : topics_) {
    if (topic.lost.through() == topic.counted_lost) continue;
    topic.counted_lost = topic.lost.through();
    topic.lost_in = last_loss_in_ = step_;
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
      if (there->FindEvent(event.id) == nullptr)
        return absl::FailedPreconditionError("");
    }
    if (request.end && !(*request.end == *there->end->end))
      return absl::FailedPreconditionError("");
  }
  for (const EventDraft& event : request.events) {
    const bool is_new =
        there == nullptr || there->FindEvent(event.id) == nullptr;
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
    if (const Item* first = topic.FindEvent(event.id)) {
      ++appended.duplicates;
      appended.last = first->offset;
    } else {
      Commit(name, topic, {name, 0, now_, event, {}});
      ++appended.accepted;
      appended.last = topic.last;
    }
  }
  if (request.end) {
    if (!topic.end) EndTopic(name, topic, *request.end);
    appended.last = topic.end->offset;
  }
  Trim(topic);
  CountLosses();
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
  CountLosses();
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
  topic.lost.gone_through = std::max(topic.lost.gone_through, topic.last_event);
  topic.tombstone_at = std::min(topic.tombstone_at, now_);
  CountLosses();
  return absl::OkStatus();
}

void Model::Unwatch(const std::string& name) {
  if (--watched_[name] > 0) return;
  watched_.erase(name);
  const auto it = topics_.find(name);
  if (it != topics_.end()) it->second.idle_since = now_;
}

}  // namespace sluice
