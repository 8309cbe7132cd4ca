// The buffer of a publisher: entries wait, are sent in requests of a call, and
// leave when their request is acknowledged.
//
// Does no input or output and knows no clock. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sluice/publisher.h"
#include "sluice/v1/publisher_service.pb.h"

namespace sluice::internal {

using Request = v1::PublishWithFeedbackRequest;
using Response = v1::PublishWithFeedbackResponse;

// An event, the end of a topic, or its name alone.
struct Entry {
  enum class Kind { kName, kEvent, kEnd };

  static Entry OfEvent(std::string topic, Event event);
  static Entry OfEnd(std::string topic, v1::End end);
  static Entry OfName(std::string topic);

  std::string topic;
  Kind kind = Kind::kName;
  Event event;  // in the request while that is on its way
  v1::End end;
  std::size_t size = 0;  // bytes
};

class Outbox {
 public:
  // More topics than these are not named again on a new call.
  static constexpr std::size_t kMaxNamed = 10'000;

  Outbox(std::size_t max_events, std::size_t max_bytes, v1::OnAbort on_abort)
      : max_events_(max_events), max_bytes_(max_bytes), on_abort_(on_abort) {}

  // Entries, ever; those of them that are acknowledged; those that are not.
  std::uint64_t added() const { return added_; }
  std::uint64_t settled() const { return settled_; }
  std::uint64_t unacknowledged() const { return added_ - settled_; }
  // Of what is not acknowledged.
  std::size_t bytes() const { return bytes_; }
  const Totals& totals() const { return totals_; }

  // Whether an entry of so many bytes may be added. What is larger than the
  // bound goes in when nothing else is there.
  bool HasRoom(std::size_t size) const;
  void Add(Entry entry);

  // Whether a call must be open: something is to be sent, or the bridge must
  // know who produces a topic.
  bool NeedsCall() const { return unacknowledged() > 0 || !open_.empty(); }
  bool HasRequests() const { return !waiting_.empty() || !to_name_.empty(); }

  // Begins a new call: what the last one did not acknowledge goes first, in the
  // old order. Nobody may use a request of that call any more.
  void Restart();

  // What waits first, as much as one request may have; null: nothing waits.
  std::shared_ptr<const Request> NextRequest();

  // Returns whether anything was settled by it.
  bool Acknowledge(const v1::Ack& ack);

  // A call that was refused has stored so many events, whatever of them was
  // acknowledged.
  void Stored(std::uint64_t events);

  // The topic and the event at such a place of the call, as errors name it; the
  // event is null for none and below 0.
  std::pair<std::string, const Event*> Find(std::uint64_t request,
                                            int event) const;

 private:
  struct Sent {
    std::shared_ptr<Request> request;
    std::vector<Entry> entries;
  };

  std::vector<Entry> TakeBatch();
  void Remember(const std::string& topic, bool ended);

  // Constant after construction.
  const std::size_t max_events_;
  const std::size_t max_bytes_;
  const v1::OnAbort on_abort_;

  std::size_t bytes_ = 0;
  std::deque<Entry> waiting_;
  std::deque<Sent> sent_;  // and not acknowledged
  std::uint64_t added_ = 0;
  std::uint64_t settled_ = 0;
  // Requests of the call that are acknowledged, and the topic of its last one.
  std::uint64_t acknowledged_ = 0;
  std::string topic_;
  // Topics that have not ended, the one used last at the back.
  std::list<std::string> open_;
  std::unordered_map<std::string, std::list<std::string>::iterator> open_at_;
  std::deque<std::string> to_name_;
  Totals before_;  // what calls before this one stored
  Totals totals_;
};

}  // namespace sluice::internal
