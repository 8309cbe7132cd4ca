#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/stress/findings.h"
#include "tests/stress/http_side.h"
#include "tests/stress/ledger.h"

namespace sluice {

// What all parts of a storm share.
struct Storm {
  explicit Storm(TopicSettings defaults)
      : side(defaults, [this](absl::Span<const EntryRef> committed) {
          ledger.Record(committed);
        }) {}

  Findings findings;
  Ledger ledger{findings};
  HttpSide side;

  // Even while the HTTP side serves, odd while it is going: what becomes of its
  // connections needs no other reason then.
  std::atomic<int> generation{0};
  // Connections break for no reason, at any time.
  bool faulty = false;
  bool GoneSince(int connected) const {
    return faulty || connected % 2 != 0 || connected != generation;
  }

  // No new topic is begun, and those that would go on are ended.
  std::atomic<bool> calming{false};
  // All topics have ended, and nothing more is published.
  bool calm = false;
};

// One topic of a storm, and what is to become of it.
struct StormTopic {
  enum class Ending { kCompleted, kFailed, kProducerLost };

  std::string name;
  TopicSettings settings;
  Ending ending = Ending::kCompleted;
  bool ids = false;    // its events have ids, so that they can be sent again
  bool river = false;  // it goes on until the storm calms down
  int producers = 1;
  uint64_t events = 0;  // of each producer
  uint64_t batch = 1;   // at the most, in a request
  size_t padding = 0;   // at the most, in an event
  std::shared_ptr<TopicLedger> ledger;

  std::atomic<int> producing{0};  // so many have not finished yet
  std::atomic<bool> ended{false};
  int readers = 0;  // the fleet's: so many have not finished yet
};

}  // namespace sluice
