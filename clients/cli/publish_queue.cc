#include "clients/cli/publish_queue.h"

#include <utility>

#include "clients/cli/publisher.h"

namespace sluice {
namespace {

constexpr std::size_t kMaxWaitingBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxWaitingEvents = 4096;
// More than the requests that the bridge lets wait in its store
// (`producer_window`) and those on the wire.
constexpr std::size_t kKeptStarts = 4096;

}  // namespace

void PublishQueue::Add(std::vector<v1::Event> events) {
  for (v1::Event& event : events) {
    waiting_bytes_ += event.ByteSizeLong();
    waiting_.push_back(std::move(event));
  }
}

std::vector<v1::Event> PublishQueue::NextRequest() {
  starts_.push_back(taken_);
  if (starts_.size() > kKeptStarts) {
    starts_.pop_front();
    ++first_kept_;
  }
  std::vector<v1::Event> events;
  std::size_t bytes = 0;
  while (!waiting_.empty() && events.size() < kMaxRequestEvents) {
    const std::size_t size = waiting_.front().ByteSizeLong();
    if (!events.empty() && bytes + size > kMaxRequestBytes) break;
    bytes += size;
    events.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  taken_ += events.size();
  return events;
}

bool PublishQueue::has_room() const {
  return waiting_bytes_ < kMaxWaitingBytes &&
         waiting_.size() < kMaxWaitingEvents;
}

absl::optional<std::uint64_t> PublishQueue::EventsBefore(
    std::size_t request, std::size_t event) const {
  if (request < first_kept_ || request - first_kept_ >= starts_.size())
    return absl::nullopt;
  return starts_[request - first_kept_] + event;
}

}  // namespace sluice
