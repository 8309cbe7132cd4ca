#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "bridge/event/entry.h"
#include "bridge/event/selector.h"
#include "bridge/event/topic_settings.h"

namespace sluice {

// What a topic has no more. Both are 0 if that is nothing.
struct Lost {
  // The last event that retention removed.
  Offset trimmed_through = 0;
  // Up to here, entries of the name may have been of an earlier life of it, or
  // were deleted.
  Offset gone_through = 0;

  // The place from which all is there.
  Offset through() const { return std::max(trimmed_through, gone_through); }
};

// A place in the log before which entries of a name are lost.
struct Hole {
  std::string topic;
  Lost lost;
  // Counts losses in the order in which they happened, over the whole log.
  uint64_t number = 0;
};

// What a store knows of a topic at one visible end.
struct TopicInfo {
  TopicSettings settings;
  Offset first = 0;  // the earliest event that is kept; 0: none
  Offset last = 0;   // the last entry, end included; 0: there never was one
  Offset last_event = 0;  // the last event, kept or not; 0: there never was one
  Lost lost;
  uint64_t events = 0;
  uint64_t bytes = 0;
  absl::Time create_time;
  EntryRef end;          // null while the topic is open
  bool deleted = false;  // it has ended by Delete, or was deleted afterwards
};

// What one process asks of its topics' log: append, be told, read. Everything a
// reader ever gets has been committed here first, and the hub keeps no truth of
// its own.
//
// A topic is there once it has been created or published to, or while it is
// watched. An ended one whose events are gone is a tombstone for a while: its
// name and its end.
//
// One store is one log. An offset becomes visible only after all lower ones, so
// that the log has one visible end, which no reader passes. Offsets rise by
// topic and over the whole log, and a durable store never uses one twice.
//
// Thread safety: every method may be called from any thread, and none blocks. A
// callback comes once, on a thread of the store's or within the call, with no
// lock held. Lifetime: the listener must outlive the store; so must whatever a
// callback refers to until it has been called.
class Store {
 public:
  // Called in the log's order, each entry once, whoever wrote it; never twice
  // at a time. It moves the visible end.
  using Listener = std::function<void(absl::Span<const EntryRef> committed)>;

  // A call's claim on a topic; see OnAbort in event.proto.
  struct Lease {
    uint64_t holder = 0;  // names the call
    bool fail_on_abort = false;
  };

  struct AppendRequest {
    std::string topic;  // checked by CheckWritableTopic
    std::vector<EventDraft> events;
    absl::optional<End> end;
    absl::optional<Lease> lease;
    bool make_topic = true;  // false: NotFound if the topic is not there
  };

  struct Appended {
    uint64_t accepted = 0;    // events that are new
    uint64_t duplicates = 0;  // events that were there
    Offset last = 0;  // of the last entry, ends included, a duplicate's being
                      // the first one's; 0: no entry
  };

  // All or nothing; requests to one topic commit in the order of the calls.
  // `done` gets FailedPrecondition for a new event or a different end after the
  // topic's end, ResourceExhausted when a limit, which it names, is reached.
  using AppendDone = std::function<void(absl::StatusOr<Appended>)>;

  // The answer to Describe; `info` is empty if the topic is not there.
  struct Description {
    absl::optional<TopicInfo> info;
    TopicSettings settings;  // the topic's, or what it would be made with
    Lost lost;  // the topic's, or what a name that is not there may have lost
    Offset visible_end = 0;
    absl::optional<Offset>
        found;  // where the event with the id that was asked for is
    Offset before_last = 0;  // the place before the last N events that are kept
  };

  // What a selector's topics are together, at one visible end.
  struct Overview {
    Offset visible_end = 0;
    Offset before_first = 0;  // the place before the first event that is kept
    Offset before_last = 0;   // the place before the last N
    uint64_t losses = 0;      // the number of the last loss, whichever topic's
    Offset lost_through = 0;  // where the last hole stands; 0: nothing is lost
    // The ends of the topics that are named and have ended, in the log's order.
    std::vector<EntryRef> ends;
    // All have ended that the selector can select, the last one here; 0: not
    // so.
    Offset ended_at = 0;
    bool all_there = false;  // each topic that is named is there
  };

  // A part of what is selected: all that there is in (after, reached].
  struct Segment {
    std::vector<EntryRef> entries;
    // In the log's order; those beyond `reached` stand further on, and are
    // there again when that is read.
    std::vector<Hole> holes;
    uint64_t losses = 0;     // the number of the last loss, whichever topic's
    Offset reached = 0;      // at least the offset asked for
    bool at_end = false;     // `reached` was the visible end
    Offset ended_at = 0;     // see Overview
    TopicSettings settings;  // of a single topic
  };

  // What the log takes.
  struct Size {
    uint64_t topics = 0;  // those that have ended, and tombstones, included
    uint64_t bytes = 0;   // overhead included, about
  };

  // A part of the topics that are there, by name.
  struct Listing {
    struct Topic {
      std::string name;
      absl::optional<TopicInfo> info;  // empty: it is only watched
      TopicSettings settings;
    };
    std::vector<Topic> topics;
    std::string next;  // where the next part begins; empty: there is none
  };

  virtual ~Store() = default;

  // Names this life of the log.
  virtual const Epoch& epoch() const = 0;

  virtual void Append(AppendRequest request, AppendDone done) = 0;

  // The call `holder` has finished. If it had set fail_on_abort for `topic` and
  // nobody else holds the topic, the topic fails (ABORTED) once `grace` is
  // over, unless a request has named it by then.
  virtual void Release(const std::string& topic, Lease lease,
                       absl::Duration grace) = 0;

  // From `ready` on, the listener hears of every entry that is selected after
  // the offset that `ready` gets. Watches are counted.
  virtual void Watch(const Selector& selector,
                     std::function<void(Offset visible_end)> ready) = 0;
  virtual void Unwatch(const Selector& selector) = 0;

  // `id`: an event's id to look up, or empty. `last`: how far back
  // `before_last` is, in events.
  virtual void Describe(const std::string& topic, const std::string& id,
                        uint64_t last,
                        std::function<void(Description)> done) = 0;

  // `last`: how far back `before_last` is, in events.
  virtual void DescribeAll(const Selector& selector, uint64_t last,
                           std::function<void(Overview)> done) = 0;

  // About `max_bytes` of the entries after `after` that are selected, at least
  // one if there is one. A pattern selects a tombstone's end only for those who
  // may have read the topic: not from the log's beginning.
  virtual void Read(const Selector& selector, Offset after, size_t max_bytes,
                    std::function<void(Segment)> done) = 0;

  // AlreadyExists for a live topic, and for an ended one unless
  // `replace_ended`; a tombstone gives way. ResourceExhausted beyond a limit,
  // which it names.
  virtual void Create(const std::string& topic, TopicSettings settings,
                      bool replace_ended,
                      std::function<void(absl::StatusOr<TopicInfo>)> done) = 0;

  // Up to `limit` of the topics that `pattern` selects, all those of it whose
  // names come after `after`, in the order of their bytes. Tombstones match no
  // pattern, and one that was deleted not even its name. A part may be short,
  // or empty, long before the last: a call looks at a bounded number of names.
  virtual void List(const std::string& pattern, const std::string& after,
                    size_t limit, std::function<void(Listing)> done) = 0;

  // How large the log is.
  virtual void Measure(std::function<void(Size)> done) = 0;

  // Fails the topic (NOT_FOUND) unless it has ended, and drops its events; a
  // tombstone is left. NotFound if the topic is not there, or is deleted.
  virtual void Delete(const std::string& topic,
                      std::function<void(absl::Status)> done) = 0;
};

}  // namespace sluice
