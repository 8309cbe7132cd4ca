#include "sluice/internal/outbox.h"

#include <algorithm>
#include <iterator>

namespace sluice::internal {
namespace {

constexpr std::size_t kBatchEvents = 64;
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;

}  // namespace

Entry Entry::OfEvent(std::string topic, Event event) {
  Entry entry;
  entry.topic = std::move(topic);
  entry.kind = Kind::kEvent;
  entry.event = std::move(event);
  entry.size = entry.event.ByteSizeLong();
  return entry;
}

Entry Entry::OfEnd(std::string topic, v1::End end) {
  Entry entry;
  entry.topic = std::move(topic);
  entry.kind = Kind::kEnd;
  entry.end = std::move(end);
  entry.size = entry.end.ByteSizeLong();
  return entry;
}

Entry Entry::OfName(std::string topic) {
  Entry entry;
  entry.topic = std::move(topic);
  return entry;
}

bool Outbox::HasRoom(std::size_t size) const {
  return unacknowledged() == 0 ||
         (unacknowledged() < max_events_ && bytes_ + size <= max_bytes_);
}

void Outbox::Add(Entry entry) {
  bytes_ += entry.size;
  ++added_;
  waiting_.push_back(std::move(entry));
}

void Outbox::Restart() {
  std::vector<Entry> again;
  for (Sent& sent : sent_) {
    int event = 0;
    for (Entry& entry : sent.entries) {
      if (entry.kind == Entry::Kind::kEvent) {
        entry.event = std::move(*sent.request->mutable_events(event++));
      }
      again.push_back(std::move(entry));
    }
  }
  waiting_.insert(waiting_.begin(), std::make_move_iterator(again.begin()),
                  std::make_move_iterator(again.end()));
  sent_.clear();
  acknowledged_ = 0;
  topic_.clear();
  before_ = totals_;
  // The bridge takes this call for their producer then, or they would fail
  // under ON_ABORT_FAIL.
  to_name_.assign(open_.begin(), open_.end());
}

std::shared_ptr<const Request> Outbox::NextRequest() {
  if (!HasRequests()) return nullptr;
  Sent sent;
  std::string topic;
  if (!to_name_.empty()) {
    topic = std::move(to_name_.front());
    to_name_.pop_front();
  } else {
    sent.entries = TakeBatch();
    topic = sent.entries.front().topic;
  }
  sent.request = std::make_shared<Request>();
  sent.request->set_on_abort(on_abort_);
  if (topic != topic_) sent.request->set_topic(topic);
  for (Entry& entry : sent.entries) {
    if (entry.kind == Entry::Kind::kEvent) {
      *sent.request->add_events() = std::move(entry.event);
    } else if (entry.kind == Entry::Kind::kEnd) {
      *sent.request->mutable_end() = entry.end;
    }
  }
  Remember(topic, sent.request->has_end());
  topic_ = std::move(topic);
  sent_.push_back(std::move(sent));
  return sent_.back().request;
}

// Entries of one topic, the last perhaps its end.
std::vector<Entry> Outbox::TakeBatch() {
  std::vector<Entry> batch;
  std::size_t size = 0;
  while (!waiting_.empty() && batch.size() < kBatchEvents) {
    Entry& next = waiting_.front();
    size += next.size;
    if (!batch.empty() &&
        (next.topic != batch.front().topic || size > kBatchBytes)) {
      break;
    }
    batch.push_back(std::move(next));
    waiting_.pop_front();
    if (batch.back().kind == Entry::Kind::kEnd) break;
  }
  return batch;
}

bool Outbox::Acknowledge(const v1::Ack& ack) {
  const std::uint64_t before = settled_;
  while (acknowledged_ < ack.requests() && !sent_.empty()) {
    for (const Entry& entry : sent_.front().entries) {
      bytes_ -= entry.size;
      ++settled_;
    }
    sent_.pop_front();
    ++acknowledged_;
  }
  totals_.accepted = before_.accepted + ack.accepted();
  totals_.duplicates = before_.duplicates + ack.duplicates();
  if (!ack.last_cursor().empty()) totals_.last_cursor = ack.last_cursor();
  return settled_ > before;
}

void Outbox::Stored(std::uint64_t events) {
  totals_.accepted = std::max(totals_.accepted, before_.accepted + events);
}

std::pair<std::string, const Event*> Outbox::Find(std::uint64_t request,
                                                  int event) const {
  if (request < acknowledged_ || request - acknowledged_ >= sent_.size()) {
    return {"", nullptr};
  }
  const Sent& sent = sent_[request - acknowledged_];
  if (sent.entries.empty()) return {"", nullptr};
  const bool there = event >= 0 && event < sent.request->events_size();
  return {sent.entries.front().topic,
          there ? &sent.request->events(event) : nullptr};
}

void Outbox::Remember(const std::string& topic, bool ended) {
  const auto at = open_at_.find(topic);
  if (at != open_at_.end()) {
    if (!ended) {
      open_.splice(open_.end(), open_, at->second);
      return;
    }
    open_.erase(at->second);
    open_at_.erase(at);
  }
  if (ended) return;
  open_at_[topic] = open_.insert(open_.end(), topic);
  if (open_.size() > kMaxNamed) {
    open_at_.erase(open_.front());
    open_.pop_front();
  }
}

}  // namespace sluice::internal
