#pragma once

#include <cstdint>

#include "bridge/event/cursor.h"

namespace sluice {

// What one loop has counted since its start: plain numbers, which only its
// thread touches.
struct LoopCounters {
  int64_t streams = 0;      // readers now
  uint64_t deliveries = 0;  // events on their way to a reader, ends included
  uint64_t bytes = 0;       // sent, whatever it was
  uint64_t gaps = 0;        // told

  LoopCounters& operator+=(const LoopCounters& other) {
    streams += other.streams;
    deliveries += other.deliveries;
    bytes += other.bytes;
    gaps += other.gaps;
    return *this;
  }
};

// Readers that have not been given all that is published for them.
struct Backlog {
  uint64_t readers = 0;
  Offset most = 0;  // how far the last of them is behind, in entries of the log

  void Add(Offset behind) {
    if (behind == 0) return;
    ++readers;
    if (behind > most) most = behind;
  }
};

}  // namespace sluice
