#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "bridge/base/mutex.h"
#include "bridge/event/selector.h"

namespace sluice {

// The open publishing calls by the topics that they hold, and the way back to
// those that listen. Filled by the calls.
//
// Thread safety: all methods may be called from any thread. Listeners are
// called with no lock held.
class Producers {
 public:
  // A call that wants to hear of its topics' readers.
  class Listener {
   public:
    virtual ~Listener() = default;

    // `topic` may have got its first reader or lost its last: Hub::Subscribers
    // says which.
    virtual void OnInterest(const std::string& topic) = 0;

    // A reader of `topic` asks for a stop.
    virtual void OnStop(const std::string& topic,
                        const std::string& reason) = 0;
  };

  Producers() = default;
  Producers(const Producers&) = delete;
  Producers& operator=(const Producers&) = delete;

  // A call has named `topic`. `listener`: the call, or empty.
  void Add(const std::string& topic, const std::weak_ptr<Listener>& listener);

  // The same call has finished, or has ended the topic. It may be seen to leave
  // before it is seen to come, on another thread.
  void Remove(const std::string& topic,
              const std::weak_ptr<Listener>& listener);

  // The calls that hold `topic`.
  uint64_t Count(const std::string& topic) const;

  // Those of what is selected may have got readers, or lost them.
  void NotifyInterest(const Selector& selector) const;

  // Asks the calls that hold `topic` and listen. Returns how many.
  uint64_t Stop(const std::string& topic, const std::string& reason) const;

 private:
  struct Listening {
    std::weak_ptr<Listener> listener;
    int64_t count = 0;
  };
  struct Calls {
    int64_t count = 0;
    std::vector<Listening> listening;
  };
  using Found = std::vector<std::pair<std::shared_ptr<Listener>, std::string>>;

  void Change(const std::string& topic, const std::weak_ptr<Listener>& listener,
              int change);
  static void Find(const std::string& topic, const Calls& calls, Found& found);

  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Calls> calls_ ABSL_GUARDED_BY(mutex_);
  // Of them all: most calls do not listen, and then no reader needs to look.
  int64_t listening_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sluice
