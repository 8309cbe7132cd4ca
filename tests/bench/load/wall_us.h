#pragma once

#include <time.h>

#include <cstdint>

namespace sluice::bench {

inline int64_t ToUs(const timespec& time) {
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

// Microseconds of CLOCK_REALTIME, the clock that the kernel notes arrivals by.
inline int64_t WallUs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return ToUs(now);
}

}  // namespace sluice::bench
