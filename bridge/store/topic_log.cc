#include "bridge/store/topic_log.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// What an entry costs a segment beyond its payload: the framing around it,
// roughly.
constexpr size_t kFramingBytes = 48;

}  // namespace

TopicLog::TopicLog(std::string name, TopicSettings settings, absl::Time now)
    : name_(std::make_shared<const std::string>(std::move(name))),
      settings_(settings),
      create_time_(now) {}

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
    return;
  }
  bytes_ += entry->size_bytes();
  if (!entry->id().empty()) {
    if (ids_ == nullptr)
      ids_ = std::make_unique<absl::flat_hash_map<absl::string_view, Offset>>();
    ids_->emplace(entry->id(), entry->offset());
  }
  events_.push_back(std::move(entry));
}

void TopicLog::DropFirst() {
  const EntryRef first = std::move(events_[head_++]);
  bytes_ -= first->size_bytes();
  trimmed_through_ = first->offset();
  if (!first->id().empty()) ids_->erase(first->id());
}

void TopicLog::Trim(absl::Time now) {
  while (size() > 0 &&
         (size() > settings_.retention_events ||
          bytes_ > settings_.retention_bytes ||
          events_[head_]->time() + settings_.retention_age <= now)) {
    DropFirst();
  }
  if (head_ > events_.size() / 2) {
    events_.erase(events_.begin(),
                  events_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
    if (events_.empty()) events_.shrink_to_fit();
  }
}

absl::Time TopicLog::NextExpiry() const {
  return size() == 0 ? absl::InfiniteFuture()
                     : events_[head_]->time() + settings_.retention_age;
}

TopicInfo TopicLog::Info() const {
  TopicInfo info;
  info.settings = settings_;
  info.first = size() == 0 ? 0 : events_[head_]->offset();
  info.last = last_;
  info.last_event = size() == 0 ? trimmed_through_ : events_.back()->offset();
  info.trimmed_through = trimmed_through_;
  info.events = size();
  info.bytes = bytes_;
  info.create_time = create_time_;
  info.end = end_;
  return info;
}

Offset TopicLog::BeforeLast(uint64_t count, Offset visible_end) const {
  if (count > 0 && size() > 0) {
    const size_t back = static_cast<size_t>(std::min<uint64_t>(count, size()));
    return events_[events_.size() - back]->offset() - 1;
  }
  return end_ == nullptr ? visible_end : end_->offset() - 1;
}

Store::Segment TopicLog::Read(Offset after, size_t max_bytes,
                              Offset visible_end) const {
  Store::Segment segment;
  segment.trimmed_through = trimmed_through_;
  auto next = std::upper_bound(events_.begin() + static_cast<ptrdiff_t>(head_),
                               events_.end(), after,
                               [](Offset offset, const EntryRef& entry) {
                                 return offset < entry->offset();
                               });
  size_t bytes = 0;
  for (; next != events_.end() && (bytes == 0 || bytes < max_bytes); ++next) {
    bytes += (*next)->size_bytes() + kFramingBytes;
    segment.entries.push_back(*next);
  }
  segment.at_end = next == events_.end();
  if (!segment.at_end) {
    segment.reached = segment.entries.back()->offset();
    return segment;
  }
  if (end_ != nullptr && end_->offset() > after)
    segment.entries.push_back(end_);
  segment.reached = std::max(after, visible_end);
  return segment;
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

}  // namespace sluice
