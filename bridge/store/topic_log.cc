#include "bridge/store/topic_log.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// What an event, an id of one, and a topic take in memory beside their text:
// the objects, their places in tables, and the allocator's share.
constexpr uint64_t kEventBytes = sizeof(Entry) + 64;
constexpr uint64_t kIdBytes = 48;
constexpr uint64_t kTopicBytes = sizeof(TopicLog) + 256;

}  // namespace

TopicLog::TopicLog(std::string name, TopicSettings settings,
                   Offset gone_through, absl::Time now)
    : name_(std::make_shared<const std::string>(std::move(name))),
      settings_(settings),
      create_time_(now),
      idle_since_(now),
      gone_through_(gone_through) {}

absl::optional<Offset> TopicLog::Find(absl::string_view id) const {
  if (ids_ == nullptr) return absl::nullopt;
  auto it = ids_->find(id);
  if (it == ids_->end()) return absl::nullopt;
  return it->second;
}

void TopicLog::Add(EntryRef entry) {
  last_ = entry->offset();
  if (entry->is_end()) {
    end_ = std::move(entry);
    fails_at_ = absl::InfiniteFuture();
    if (empty()) tombstone_at_ = end_->time() + settings_.retention_age;
    return;
  }
  last_event_ = last_;
  bytes_ += entry->size_bytes();
  if (!entry->id().empty()) {
    if (ids_ == nullptr)
      ids_ = std::make_unique<absl::flat_hash_map<absl::string_view, Offset>>();
    ids_->emplace(entry->id(), entry->offset());
  }
  if (empty()) {
    first_time_ = entry->time();
    events_.reserve(2);
  }
  events_.push_back(std::move(entry));
}

void TopicLog::DropFirst() {
  const EntryRef first = std::move(events_[head_++]);
  bytes_ -= first->size_bytes();
  trimmed_through_ = first->offset();
  if (!first->id().empty()) ids_->erase(first->id());
  if (!empty()) first_time_ = events_[head_]->time();
}

void TopicLog::Trim(absl::Time now) {
  if (empty()) return;
  while (!empty() && (event_count() > settings_.retention_events ||
                      bytes_ > settings_.retention_bytes ||
                      first_time_ + settings_.retention_age <= now)) {
    DropFirst();
  }
  AfterDrops(now);
}

void TopicLog::DropOldest(absl::Time now) {
  DropFirst();
  AfterDrops(now);
}

void TopicLog::DropAll(absl::Time now) {
  if (empty()) return;
  while (!empty()) DropFirst();
  AfterDrops(now);
}

void TopicLog::Delete(absl::Time now) {
  DropAll(now);
  deleted_ = true;
  gone_through_ = std::max(gone_through_, last_event_);
  tombstone_at_ = std::min(tombstone_at_, now);
}

void TopicLog::AfterDrops(absl::Time now) {
  if (head_ > events_.size() / 2) {
    events_.erase(events_.begin(),
                  events_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
    if (events_.empty()) events_.shrink_to_fit();
  }
  if (!empty()) return;
  ids_.reset();
  Touch(now);
  if (end_ != nullptr) tombstone_at_ = now;
}

absl::Time TopicLog::NextExpiry() const {
  return empty() ? absl::InfiniteFuture()
                 : first_time_ + settings_.retention_age;
}

TopicInfo TopicLog::Info() const {
  TopicInfo info;
  info.settings = settings_;
  info.first = empty() ? 0 : events_[head_]->offset();
  info.last = last_;
  info.last_event = last_event_;
  info.lost = lost();
  info.events = event_count();
  info.bytes = bytes_;
  info.create_time = create_time_;
  info.end = end_;
  info.deleted = deleted_;
  return info;
}

Offset TopicLog::BeforeLast(uint64_t count, Offset visible_end) const {
  if (count > 0 && !empty()) {
    const size_t back =
        static_cast<size_t>(std::min<uint64_t>(count, event_count()));
    return events_[events_.size() - back]->offset() - 1;
  }
  return end_ == nullptr ? visible_end : end_->offset() - 1;
}

absl::Span<const EntryRef> TopicLog::EventsAfter(Offset after) const {
  const auto kept = absl::MakeConstSpan(events_).subspan(head_);
  const auto next = std::upper_bound(kept.begin(), kept.end(), after,
                                     [](Offset offset, const EntryRef& entry) {
                                       return offset < entry->offset();
                                     });
  return kept.subspan(static_cast<size_t>(next - kept.begin()));
}

void TopicLog::Claim(const absl::optional<Store::Lease>& lease) {
  if (lease) holder_ = lease->holder;
  fails_at_ = absl::InfiniteFuture();
}

void TopicLog::Release(Store::Lease lease, absl::Time fails_at) {
  // A call that came later holds the topic now: its finish counts.
  if (holder_ != 0 && holder_ != lease.holder) return;
  holder_ = 0;
  if (lease.fail_on_abort && end_ == nullptr)
    fails_at_ = std::min(fails_at_, fails_at);
}

uint64_t TopicLog::OwnBytesOf(const std::string& name) {
  return kTopicBytes + name.size();
}

uint64_t TopicLog::EventBytes() const {
  const uint64_t ids = ids_ == nullptr ? 0 : ids_->size();
  return bytes_ + event_count() * kEventBytes + ids * kIdBytes;
}

uint64_t TopicLog::BytesOf(const EventDraft& draft) {
  return draft.size_bytes() + kEventBytes + (draft.id.empty() ? 0 : kIdBytes);
}

}  // namespace sluice
