#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "bridge/http/topic_channel.h"

namespace sluice {

class HttpLoop;

// The topic channels of one loop: finds them, flushes those with news in turn,
// and keeps their replay segments within their share of `replay_memory`.
//
// Thread safety: none; the loop's.
class Channels {
 public:
  // `loop` must outlive it.
  Channels(HttpLoop& loop, uint64_t replay_bytes)
      : loop_(loop), max_replay_bytes_(replay_bytes) {}
  Channels(const Channels&) = delete;
  Channels& operator=(const Channels&) = delete;

  // The channel of `selector` in this format, made if it is not there.
  std::shared_ptr<TopicChannel> Open(const Selector& selector,
                                     StreamFormat format);

  // Drives the readers of channels with news, a few of each in turn, and a
  // bounded number in all; if it leaves a crowd unfinished, it then gives way
  // to threads that wait for the core. True if some are left.
  bool Flush();

  // The readers that are behind. Looks at each, so it is not for every turn.
  Backlog CountBehind() const;

  // Lets go of everything, in the loop's thread at its end.
  void Clear() {
    unflushed_.clear();
    reads_.clear();
  }

  // For channels.
  void QueueFlush(std::shared_ptr<TopicChannel> channel) {
    unflushed_.push_back(std::move(channel));
  }
  void NoteSegment(const std::weak_ptr<TopicChannel>& channel, Offset after);
  // Has `read` called when the store may be asked: a few reads at a time. It
  // returns true if it has asked, and then EndRead follows.
  void QueueRead(std::function<bool()> read);
  void EndRead();
  void CountReplay(int64_t bytes) { replay_bytes_ += bytes; }
  void Remove(const std::string& key) { channels_.erase(key); }

 private:
  HttpLoop& loop_;
  const uint64_t max_replay_bytes_;
  absl::flat_hash_map<std::string, std::weak_ptr<TopicChannel>> channels_;
  std::deque<std::shared_ptr<TopicChannel>> unflushed_;

  std::deque<std::function<bool()>> reads_;
  int reading_ = 0;

  // Oldest first; some may be gone.
  std::deque<std::pair<std::weak_ptr<TopicChannel>, Offset>> segments_;
  int64_t replay_bytes_ = 0;
};

}  // namespace sluice
