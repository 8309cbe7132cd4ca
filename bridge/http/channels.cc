#include "bridge/http/channels.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "bridge/http/http_loop.h"

namespace sluice {
namespace {

// A topic with many readers does not stall its loop: others have their turn in
// between.
constexpr int kReadersATurn = 16;
constexpr int kReadersAChannel = 8;

constexpr int kMaxReads = 4;

constexpr size_t kMaxSegments = 16384;

}  // namespace

std::shared_ptr<TopicChannel> Channels::Open(const Selector& selector,
                                             StreamFormat format) {
  std::string key = absl::StrCat(
      selector.key(), format.chunked ? " chunked" : "",
      format.several ? " several" : "", format.envelope ? " envelope" : "");
  std::weak_ptr<TopicChannel>& known = channels_[key];
  if (auto channel = known.lock()) return channel;
  auto channel =
      std::make_shared<TopicChannel>(loop_, selector, format, std::move(key));
  known = channel;
  channel->Start();
  return channel;
}

Backlog Channels::CountBehind() const {
  Backlog backlog;
  for (const auto& [key, weak] : channels_) {
    if (const auto channel = weak.lock()) channel->CountBehind(backlog);
  }
  return backlog;
}

bool Channels::Flush() {
  int budget = kReadersATurn;
  bool crowd = false;
  while (!unflushed_.empty() && budget > 0) {
    const std::shared_ptr<TopicChannel> channel = std::move(unflushed_.front());
    unflushed_.pop_front();
    const int share = std::min(budget, kReadersAChannel);
    int left = share;
    if (!channel->Flush(left)) {
      crowd = crowd || share == kReadersAChannel;
      unflushed_.push_back(channel);
    }
    budget -= share - left;
  }
  // A crowd takes tens of milliseconds. Without this, who else waits for the
  // core, to take in what is published, say, waits for the scheduler's tick.
  if (crowd) std::this_thread::yield();
  return !unflushed_.empty();
}

void Channels::QueueRead(std::function<bool()> read) {
  reads_.push_back(std::move(read));
  if (reading_ == kMaxReads) return;
  ++reading_;
  EndRead();
}

void Channels::EndRead() {
  --reading_;
  while (reading_ < kMaxReads && !reads_.empty()) {
    const std::function<bool()> read = std::move(reads_.front());
    reads_.pop_front();
    ++reading_;
    if (!read()) --reading_;
  }
}

void Channels::NoteSegment(const std::weak_ptr<TopicChannel>& channel,
                           Offset after) {
  segments_.emplace_back(channel, after);
  while (segments_.size() > 1 &&
         (replay_bytes_ > static_cast<int64_t>(max_replay_bytes_) ||
          segments_.size() > kMaxSegments)) {
    const auto [oldest, place] = std::move(segments_.front());
    segments_.pop_front();
    // The one at hand may have been there before: a reader is waiting for it.
    const bool at_hand = place == after && !oldest.owner_before(channel) &&
                         !channel.owner_before(oldest);
    if (at_hand) continue;
    if (const auto dropping = oldest.lock()) dropping->DropSegment(place);
  }
}

}  // namespace sluice
