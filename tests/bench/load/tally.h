#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/load/latency.h"

namespace sluice::bench {

// What a group of readers has seen. One for each thread, and their sum.
struct Tally {
  uint64_t opened = 0;   // answered with 200, each reader once
  uint64_t refused = 0;  // answered otherwise, or not at all
  uint64_t closed = 0;   // by the server
  uint64_t done = 0;     // closed behind a [DONE]
  uint64_t events = 0;
  uint64_t missing = 0;   // numbers that were passed over
  uint64_t repeated = 0;  // numbers that were not due any more
  uint64_t bytes = 0;
  int64_t last_opened_us = 0;
  Latency latency;

  // Of a group that reads one topic: when each event was sent, and when the
  // last of its readers had it.
  struct Arrival {
    int64_t sent_us = 0;
    int64_t last_us = 0;
    uint64_t readers = 0;
  };
  std::vector<Arrival> arrivals;

  void NoteArrival(uint64_t number, int64_t sent_us, int64_t arrived_us) {
    if (number >= arrivals.size()) arrivals.resize(number + 1);
    Arrival& arrival = arrivals[number];
    arrival.sent_us = sent_us;
    arrival.last_us = std::max(arrival.last_us, arrived_us);
    ++arrival.readers;
  }

  void Add(const Tally& other) {
    opened += other.opened;
    refused += other.refused;
    closed += other.closed;
    done += other.done;
    events += other.events;
    missing += other.missing;
    repeated += other.repeated;
    bytes += other.bytes;
    last_opened_us = std::max(last_opened_us, other.last_opened_us);
    latency.Add(other.latency);
    if (arrivals.size() < other.arrivals.size())
      arrivals.resize(other.arrivals.size());
    for (size_t i = 0; i < other.arrivals.size(); ++i) {
      arrivals[i].sent_us =
          std::max(arrivals[i].sent_us, other.arrivals[i].sent_us);
      arrivals[i].last_us =
          std::max(arrivals[i].last_us, other.arrivals[i].last_us);
      arrivals[i].readers += other.arrivals[i].readers;
    }
  }
};

}  // namespace sluice::bench
