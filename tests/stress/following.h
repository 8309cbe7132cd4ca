#pragma once

#include <string>

#include "tests/integration/raw_client.h"

namespace sluice {

// What a storm's reader follows, over all of its connections: holds what it is
// shown against what there is.
//
// Thread safety: none; the reader's.
class Following {
 public:
  // Where a connection wants to begin.
  enum class Start {
    kEarliest,
    kLatest,
    kLast,        // the last few
    kPlace,       // by the cursor of its place
    kLastId,      // by the last id that it was shown, as an EventSource does
    kBeforeLast,  // from before the last event that it was shown
    kRubbish,     // by an id that nobody published
    kForeign,     // by a cursor of another log
    kBeyond,      // by a cursor that the log has not reached
  };
  struct Wish {
    std::string id;         // for Last-Event-ID
    std::string parameter;  // for the query; or empty
  };

  virtual ~Following() = default;

  // The target of the requests, to which parameters may be added.
  virtual std::string Target() const = 0;

  // A connection is about to be made.
  virtual Wish Ask(Start start) = 0;

  // What came on it.
  virtual void OnOpened() {}
  virtual void OnEvent(const SseEvent& event) = 0;
  virtual void OnLastChunk() = 0;
  virtual void OnNoContent() = 0;
  // All is over, and it is not behind.
  virtual void OnCalm() {}

  // It has a place to come back to.
  virtual bool placed() const = 0;
  // The end has been told.
  virtual bool ended() const = 0;
  // There is no end to wait for.
  virtual bool endless() const = 0;
  // There is something after its place.
  virtual bool behind() const = 0;
  // The end may be nothing but a close.
  virtual bool ends_in_silence() const = 0;

  uint64_t delivered() const { return delivered_; }
  uint64_t gaps() const { return gaps_; }

  virtual std::string ToString() const = 0;

 protected:
  uint64_t delivered_ = 0;
  uint64_t gaps_ = 0;
};

}  // namespace sluice
